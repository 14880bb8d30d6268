using System.Net.Http.Json;
using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.AgentRuns;

/// <summary>A message answered again: the earlier answer is kept, marked, and out of the way.</summary>
[TestFixture]
internal sealed class RepeatTests : RunFixture
{
    [Test]
    public async Task Repeat_LastMessage_SupersedesTheAnswerAndBeginsANewMemory()
    {
        await SayAsync("Hello");
        var first = await AnsweredAsync("One.");
        var run = await RepeatAsync(202);
        var second = await AnsweredAsync("Two.");

        Assert.That(run.GetProperty("trigger_message_id").GetGuid(), Is.EqualTo(second.Trigger.Id));
        Assert.That(second.Trigger.Id, Is.EqualTo(first.Trigger.Id));
        Assert.That(second.SessionId, Is.Not.EqualTo(first.SessionId));
        Assert.That(await ContentsAsync(""), Is.EqualTo(new[] { "Hello", "Two." }));
        Assert.That(await ContentsAsync("?include=superseded"), Is.EqualTo(new[] { "Hello", "One.", "Two." }));
        var (reader, frames) = await FollowUntilAsync("message.superseded");
        Assert.That(frames[^1].GetProperty("message").GetProperty("content").GetString(), Is.EqualTo("One."));
        Assert.That(reader.Messages, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task Runs_NewestFirstAndLimited_AreTheLatest()
    {
        await SayAsync("Hello");
        await AnsweredAsync("One.");
        var second = (await RepeatAsync(202)).GetProperty("id").GetGuid();
        await AnsweredAsync("Two.");
        var third = (await RepeatAsync(202)).GetProperty("id").GetGuid();
        await AnsweredAsync("Three.");

        Assert.That(await RunsAsync("?limit=2&order=desc"), Is.EqualTo(new[] { third, second }));
        Assert.That((await RunsAsync(""))[1..], Is.EqualTo(new[] { second, third }));
        Assert.That(await RunsAsync("?limit=1"), Has.Count.EqualTo(1).And.No.Member(second).And.No.Member(third));
        await Client.GetAsync($"/conversations/{ConversationId}/runs?limit=0", 422);
        await Client.GetAsync($"/conversations/{ConversationId}/runs?order=up", 422);
    }

    [Test]
    public async Task Repeat_WhileAnswered_IsAConflict()
    {
        await SayAsync("Hello");
        var script = await Runtime.NextRunAsync();

        await RepeatAsync(409);
        script.End();
        await Legacy.UntilAsync("complete");
    }

    [Test]
    public async Task Repeat_TwentyAtOnce_RunsOnce()
    {
        await SayAsync("Hello");
        await AnsweredAsync("One.");

        var statuses = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var response = await Client.Http.PostAsync($"{ApiClient.Root}/conversations/{ConversationId}/runs", content: null);
            return (int)response.StatusCode;
        }));
        await AnsweredAsync("Two.");

        Assert.That(statuses.Count(status => status == 202), Is.EqualTo(1));
        Assert.That(statuses.Count(status => status == 409), Is.EqualTo(19));
    }

    [Test]
    public async Task Repeat_AnEarlierMessage_LeavesLaterOnesOutOfItsContext()
    {
        var first = (await Client.SayAsync(ConversationId, "first")).GetProperty("id").GetGuid();
        await AnsweredAsync("One.");
        await SayAsync("second");
        await AnsweredAsync("Two.");
        await RepeatAsync(202, first);
        var script = await Runtime.NextRunAsync();
        var earlier = await script.Context.Earlier(CancellationToken.None).Select(message => message.Content).ToListAsync();
        script.End();
        await Legacy.UntilAsync("complete");

        Assert.That((script.Context.Trigger.Content, earlier), Is.EqualTo(("first", new List<string>())));
    }

    [Test]
    public async Task Repeat_OfWhatCannotBeAnswered_IsRefused()
    {
        await RepeatAsync(404);
        var system = (await Client.SendAsync(ConversationId, new { role = "system", content = "x" })).GetProperty("id").GetGuid();
        await RepeatAsync(422, system);
        await RepeatAsync(404, Guid.CreateVersion7());
        using var stranger = Host.AsUser();
        using var response = await stranger.Http.PostAsync($"{ApiClient.Root}/conversations/{ConversationId}/runs", content: null);
        await ApiClient.ReadAsync(response, 404);
    }

    [TestCase("PATCH")]
    [TestCase("DELETE")]
    public async Task Change_OfAnEarlierMessage_BeginsANewMemory(string method)
    {
        var first = (await Client.SayAsync(ConversationId, "first")).GetProperty("id").GetGuid();
        var before = await AnsweredAsync("One.");
        using var request = new HttpRequestMessage(new HttpMethod(method), $"{ApiClient.Root}/conversations/{ConversationId}/messages/{first}")
        {
            Content = method == "PATCH" ? JsonContent.Create(new { content = "changed" }) : null,
        };
        using var response = await Client.Http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        await SayAsync("second");
        var after = await AnsweredAsync("Two.");

        Assert.That(after.SessionId, Is.Not.EqualTo(before.SessionId));
    }

    private async Task<Conversation.Api.AgentRuntimes.AgentContext> AnsweredAsync(string text)
    {
        var script = await Runtime.NextRunAsync();
        script.Say(text);
        script.End();
        await Legacy.UntilAsync("complete");
        return script.Context;
    }

    private async Task<JsonElement> RepeatAsync(int status, Guid? message = null)
    {
        using var response = message is null
            ? await Client.Http.PostAsync($"{ApiClient.Root}/conversations/{ConversationId}/runs", content: null)
            : await Client.Http.PostAsJsonAsync($"{ApiClient.Root}/conversations/{ConversationId}/runs", new { message_id = message });
        return await ApiClient.ReadAsync(response, status);
    }

    private async Task<List<Guid>> RunsAsync(string query) =>
        [.. (await Client.GetAsync($"/conversations/{ConversationId}/runs{query}")).EnumerateArray().Select(run => run.GetProperty("id").GetGuid())];

    private async Task<IEnumerable<string?>> ContentsAsync(string query) =>
        (await Client.GetAsync($"/conversations/{ConversationId}/messages{query}")).EnumerateArray()
            .Select(message => message.GetProperty("content").GetString());
}
