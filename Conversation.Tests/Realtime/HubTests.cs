using Conversation.Api.AgentRuntimes;
using Conversation.Tests.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.Realtime;

[TestFixture]
internal sealed class HubTests : ConversationFixture
{
    [Test]
    public async Task Follow_FromAnyPosition_SeesExactlyWhatItMissed()
    {
        await using var hub = await HubClient.ConnectAsync(Client);
        await Client.SayAsync(ConversationId, "Hello");
        var all = await hub.FollowUntilAsync(ConversationId, position: null, "run.completed");
        var expected = V2Text.Apply(all);

        for (var cut = 0; cut < all.Count; cut++)
        {
            var before = all[..(cut + 1)];
            var rest = cut == all.Count - 1
                ? []
                : await hub.FollowUntilAsync(ConversationId, all[cut].GetProperty("position").GetString(), "run.completed");
            var joined = before.Concat(rest).ToList();
            Assert.That(V2Text.Apply(joined), Is.EquivalentTo(expected), $"cut after frame {cut}");
            Assert.That(V2Text.Seqs(joined), Is.EqualTo(V2Text.Seqs(all)), $"cut after frame {cut}");
        }
    }

    [Test]
    public async Task Join_ThenLeave_SeesOnlyWhatHappenedInBetween()
    {
        await using var hub = await HubClient.ConnectAsync(Client);
        await Client.SendAsync(ConversationId, new { role = "system", content = "before" });
        await hub.Connection.InvokeAsync("JoinConversation", ConversationId, Patience.Token);
        await hub.Connection.InvokeAsync("JoinConversation", ConversationId, Patience.Token);
        await Client.SendAsync(ConversationId, new { role = "system", content = "between" });
        var seen = await hub.UntilAsync("message.created");
        await hub.Connection.InvokeAsync("LeaveConversation", ConversationId, Patience.Token);
        await Client.SendAsync(ConversationId, new { role = "system", content = "after" });
        await hub.Connection.InvokeAsync("JoinConversation", ConversationId, Patience.Token);
        await Client.SendAsync(ConversationId, new { role = "system", content = "again" });
        seen.AddRange(await hub.UntilAsync("message.created"));

        Assert.That(V2Text.Apply(seen).Values, Is.EqualTo(new[] { "between", "again" }));
    }

    [Test]
    public async Task Connection_FollowingTwoConversations_KeepsThemApart()
    {
        var other = await Client.CreateConversationAsync();
        await using var hub = await HubClient.ConnectAsync(Client);
        await hub.Connection.InvokeAsync("JoinConversation", ConversationId, Patience.Token);
        await hub.Connection.InvokeAsync("JoinConversation", other, Patience.Token);

        await Client.SayAsync(ConversationId, "one");
        await Client.SayAsync(other, "two");
        var frames = await hub.UntilAsync("run.completed");
        frames.AddRange(await hub.UntilAsync("run.completed"));

        foreach (var conversation in new[] { ConversationId, other })
        {
            var own = frames.Where(frame => frame.TryGetProperty("conversation_id", out var id) && id.GetGuid() == conversation);
            Assert.That(V2Text.Seqs(own), Is.EqualTo(Enumerable.Range(1, 7)));
        }
    }

    [Test]
    public async Task MessagePack_FollowAndSend_SpeakTheSameContract()
    {
        await using var hub = await HubClient.ConnectAsync(Client, builder => builder.AddMessagePackProtocol());
        var sent = await hub.Connection.InvokeAsync<Dictionary<string, object>>(
            "SendMessage",
            ConversationId,
            new Dictionary<string, object> { ["role"] = "user", ["content"] = "packed", ["metadata_json"] = new Dictionary<string, object> { ["n"] = 1 } },
            Patience.Token);
        var types = new List<string>();
        await foreach (var frame in hub.Connection.StreamAsync<Dictionary<string, object>>("Follow", ConversationId, null, Patience.Token))
        {
            types.Add((string)frame["type"]);
            if (types[^1] == "run.completed")
            {
                break;
            }
        }

        Assert.Multiple(() =>
        {
            Assert.That(sent["content"], Is.EqualTo("packed"));
            Assert.That(types.Where(type => type is not ("message.delta" or "heartbeat")), Is.EqualTo(new[]
            {
                "subscription.ready", "message.created", "run.queued", "run.started", "run.notice", "message.started", "message.completed",
                "run.completed",
            }));
        });
        Assert.That((await Client.MessagesAsync(ConversationId))[0].GetProperty("metadata_json").GetRawText(), Is.EqualTo("""{"n":1}"""));
    }

    [Test]
    public async Task LateJoiner_InMidAnswer_GetsTheTextSoFarAsOneRange()
    {
        var runtime = new ScriptedRuntime();
        await using var host = await ApiHost.StartAsync(services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(runtime));
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        await using var hub = await HubClient.ConnectAsync(client);
        await client.SayAsync(conversation, "Hello");
        var run = await runtime.NextRunAsync();
        string[] pieces = [.. Enumerable.Range(0, 10).Select(i => $"{i} ")];
        run.Say(pieces);
        var shown = "";
        while (shown.Length < string.Concat(pieces).Length)
        {
            shown += LegacyClient.TextOf(await socket.UntilAsync("stream"));
        }

        await using var late = await LegacyClient.ConnectAsync(client, conversation);
        await late.NextAsync();
        var first = (await late.NextAsync())!.Value;
        run.Say("and the rest");
        run.End();
        var rest = await late.UntilAsync("complete");
        var followed = await hub.FollowUntilAsync(conversation, position: null, "run.completed");

        var answer = (await client.MessagesAsync(conversation))[1].GetProperty("content").GetString()!;
        Assert.Multiple(() =>
        {
            Assert.That(LegacyClient.TypeOf(first), Is.EqualTo("stream"));
            Assert.That(first.GetProperty("content").GetString(), Is.EqualTo(string.Concat(pieces)));
            Assert.That(answer, Is.EqualTo(string.Concat(pieces) + "and the rest"));
            Assert.That(LegacyClient.TextOf([first, .. rest]), Is.EqualTo(answer));
            Assert.That(V2Text.Apply(followed).Values, Does.Contain(answer));
        });
    }
}
