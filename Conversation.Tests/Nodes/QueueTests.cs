using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Nodes;

/// <summary>Many runs that wait, on two nodes: each runs once, and those of one conversation in their order.</summary>
[TestFixture]
internal sealed class QueueTests
{
    private const int Conversations = 50;
    private const int Messages = 20;

    [Test]
    public async Task Runs_AThousandInFiftyConversations_RunOnceEachAndInOrder()
    {
        await using var nodes = await TwoNodes.StartAsync();
        using var one = nodes.Client(0);
        using var two = nodes.Client(1);
        var conversations = await Task.WhenAll(Enumerable.Range(0, Conversations).Select(_ =>
            one.CreateConversationAsync(new { metadata_json = new { agent = "words=2&pace_ms=1" } })));

        await Task.WhenAll(conversations.Select(async conversation =>
        {
            for (var i = 0; i < Messages; i++)
            {
                await (i % 2 == 0 ? one : two).SayAsync(conversation, $"{i}");
            }
        }));
        await Task.WhenAll(conversations.Select(conversation => EndedAsync(one, conversation)));

        foreach (var conversation in conversations)
        {
            var messages = await one.MessagesAsync(conversation);
            var runs = (await one.GetAsync($"/conversations/{conversation}/runs")).EnumerateArray().ToList();
            var started = (await one.GetAsync($"/conversations/{conversation}/events?limit=1000")).EnumerateArray()
                .Where(frame => LegacyClient.TypeOf(frame) == "run.started").Select(frame => frame.GetProperty("run_id").GetGuid()).ToList();
            Assert.That(messages.Count(message => message.GetProperty("role").GetString() == "assistant"), Is.EqualTo(Messages));
            Assert.That(runs.Select(run => run.GetProperty("status").GetString()), Is.All.EqualTo("completed"));
            Assert.That(started, Is.EqualTo(runs.Select(run => run.GetProperty("id").GetGuid())), "Each once, in the order in which they were sent.");
            Assert.That(
                runs.Select(run => TriggerOf(messages, run)), Is.EqualTo(Enumerable.Range(0, Messages).Select(i => $"{i}")));
        }
    }

    private static async Task EndedAsync(ApiClient client, Guid conversation)
    {
        var ended = 0;
        var follower = new Wanderer(conversation, Door.Socket, client);
        await follower.SeeAsync(frame => LegacyClient.TypeOf(frame) is "run.completed" or "run.failed" or "run.cancelled" && ++ended == Messages);
    }

    private static string? TriggerOf(List<JsonElement> messages, JsonElement run)
    {
        var trigger = run.GetProperty("trigger_message_id").GetGuid();
        return messages.Single(message => message.GetProperty("id").GetGuid() == trigger).GetProperty("content").GetString();
    }
}
