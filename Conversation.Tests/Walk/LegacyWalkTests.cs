using System.Text.Json;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.SignalR.Client;

namespace Conversation.Tests.Walk;

/// <summary>The conversation that legacy clients hold, word for word, with the real process on its own private database.</summary>
[TestFixture]
internal sealed class LegacyWalkTests
{
    private readonly string _folder = TestFolders.New();
    private ApiProcess _api = null!;
    private ApiClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _api = await ApiProcess.StartAsync(new Dictionary<string, string?> { ["CONVERSATION_SERVICE_POSTGRES_DATA"] = _folder });
        using var anonymous = new ApiClient(_api.Address, token: null);
        using var response = await anonymous.Http.PostAsync($"{ApiClient.Root}/dev/token", content: null);
        var token = await ApiClient.ReadAsync(response, 200);
        Assert.That(token.GetProperty("token_type").GetString(), Is.EqualTo("bearer"));
        _client = new ApiClient(_api.Address, token.GetProperty("access_token").GetString());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client?.Dispose();
        if (_api is not null)
        {
            await _api.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Walk_TokenInHeaderOrQuery_FromConnectedToComplete(bool tokenInQuery)
    {
        var conversation = await _client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(_client, conversation, tokenInQuery);
        var connected = await socket.NextAsync();

        var sent = await _client.SayAsync(conversation, "Hello");
        var frames = await socket.UntilAsync("complete");
        var messages = await _client.MessagesAsync(conversation);

        Assert.Multiple(() =>
        {
            Assert.That(connected?.GetRawText(), Is.EqualTo("""{"type":"connected"}"""));
            Assert.That(
                frames[0].GetRawText(),
                Is.EqualTo($$"""{"type":"ack","message_id":"{{sent.GetProperty("id").GetString()}}","role":"user"}"""));
            Assert.That(frames[1].GetRawText(), Is.EqualTo("""{"type":"warn","message":"simulated_runtime"}"""));
            Assert.That(frames[2..^1].Select(LegacyClient.TypeOf), Is.All.EqualTo("stream"));
            Assert.That(frames[^1].GetRawText(), Is.EqualTo("""{"type":"complete"}"""));
            Assert.That(messages.Select(message => message.GetProperty("role").GetString()), Is.EqualTo(new[] { "user", "assistant" }));
            Assert.That(messages[0].GetProperty("content").GetString(), Is.EqualTo("Hello"));
            Assert.That(messages[1].GetProperty("content").GetString(), Is.EqualTo(LegacyClient.TextOf(frames)));
            Assert.That(messages[1].GetProperty("content").GetString(), Is.EqualTo(
                "This is a simulated answer. You wrote: “Hello” No agent was asked, because none is configured yet. "
                + "It only shows how an answer arrives, word by word."));
            Assert.That(messages[1].GetProperty("metadata_json").GetProperty("runtime").GetString(), Is.EqualTo("simulated"));
            Assert.That(messages[1].GetProperty("status").GetString(), Is.EqualTo("completed"));
        });
    }

    [Test]
    public async Task Walk_WhileTheRunGoesOn_TextArrivesPieceByPiece()
    {
        var conversation = await _client.CreateConversationAsync(ApiClient.Endless);
        await using var socket = await LegacyClient.ConnectAsync(_client, conversation);

        var run = (await _client.SayAsync(conversation, "Hello")).GetProperty("run_id").GetGuid();
        await socket.UntilAsync("stream");
        await socket.UntilAsync("stream");

        Assert.That(await _client.StatusAsync(run), Is.EqualTo("running"));
        await _client.CancelAsync(run);
        await socket.UntilAsync("complete");
    }

    [Test]
    public async Task Walk_TwoSocketsAndAStranger_TwoSeeTheSameAndTheStrangerNothing()
    {
        var conversation = await _client.CreateConversationAsync();
        var other = await _client.CreateConversationAsync();
        await using var one = await LegacyClient.ConnectAsync(_client, conversation);
        await using var two = await LegacyClient.ConnectAsync(_client, conversation);
        await using var stranger = await LegacyClient.ConnectAsync(_client, other);
        await one.NextAsync();
        await two.NextAsync();
        await stranger.NextAsync();

        await _client.SayAsync(conversation, "Hello");
        var first = await one.UntilAsync("complete");
        var second = await two.UntilAsync("complete");
        await stranger.SendAsync("still there?");
        var next = await stranger.NextAsync();

        Assert.Multiple(() =>
        {
            Assert.That(LegacyClient.Merged(second), Is.EqualTo(LegacyClient.Merged(first)));
            Assert.That(next?.GetRawText(), Is.EqualTo("""{"type":"echo","content":"still there?"}"""));
        });
    }

    [Test]
    public async Task Hub_GroupAndFollow_BothSeeTheWholeAnswer()
    {
        var conversation = await _client.CreateConversationAsync();
        await using var hub = await HubClient.ConnectAsync(_client);
        await hub.Connection.InvokeAsync("JoinConversation", conversation, Patience.Token);

        await hub.Connection.InvokeAsync<JsonElement>(
            "SendMessage", conversation, new { role = "user", content = "Hello" }, Patience.Token);
        var pushed = await hub.UntilAsync("run.completed");
        var followed = await hub.FollowUntilAsync(conversation, position: null, "run.completed");
        var answer = (await _client.MessagesAsync(conversation))[1].GetProperty("content").GetString();

        Assert.Multiple(() =>
        {
            Assert.That(V2Text.Apply(pushed).Values, Is.EquivalentTo(new[] { "Hello", answer }));
            Assert.That(V2Text.Apply(followed).Values, Is.EquivalentTo(new[] { "Hello", answer }));
            Assert.That(V2Text.Seqs(pushed), Is.EqualTo(Enumerable.Range(1, 7)));
            Assert.That(V2Text.Seqs(followed), Is.EqualTo(Enumerable.Range(1, 7)));
        });
    }
}
