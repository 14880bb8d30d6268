using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.AgentRuns;

/// <summary>A run that someone asks to stop, at every door and on either node.</summary>
[TestFixture]
internal sealed class CancelTests
{
    private readonly ScriptedRuntime _runtime = new();
    private readonly string _token = TestTokens.User(Guid.CreateVersion7());
    private ApiHost _host = null!;
    private ApiHost _other = null!;
    private ApiClient _client = null!;
    private Guid _conversation;
    private LegacyClient _socket = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync(services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(_runtime));
        _other = await ApiHost.StartAsync(connectionString: _host.ConnectionString);
        _client = _host.As(_token);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _other.DisposeAsync();
        await _host.DisposeAsync();
    }

    [SetUp]
    public async Task ConnectAsync()
    {
        _conversation = await _client.CreateConversationAsync();
        _socket = await LegacyClient.ConnectAsync(_client, _conversation);
        await _socket.NextAsync();
    }

    [TearDown]
    public async Task DisconnectAsync() => await _socket.DisposeAsync();

    [TestCase("rest")]
    [TestCase("hub")]
    [TestCase("socket")]
    [TestCase("other node")]
    public async Task Cancel_InMidAnswer_KeepsThePartAndEndsOnce(string door)
    {
        var run = (await _client.SayAsync(_conversation, "Hello")).GetProperty("run_id").GetGuid();
        (await _runtime.NextRunAsync()).Say("Only this");
        await _socket.UntilAsync("stream");

        await CancelAsync(door, run);
        var frames = LegacyClient.Merged(await _socket.UntilAsync("complete"));

        Assert.That(frames, Is.EqualTo(new[] { """{"type":"warn","message":"run_cancelled"}""", """{"type":"complete"}""" }));
        var answer = (await _client.MessagesAsync(_conversation))[1];
        Assert.That(
            (answer.GetProperty("content").GetString(), answer.GetProperty("status").GetString(), answer.GetProperty("finish_reason").GetString()),
            Is.EqualTo(("Only this", "interrupted", "cancelled")));
        await StatusIsAsync(run, "cancelled");
    }

    [Test]
    public async Task Cancel_WhileQueued_NeverStartsAndTheOthersGoOn()
    {
        await _client.SayAsync(_conversation, "first");
        var first = await _runtime.NextRunAsync();
        var queued = (await _client.SayAsync(_conversation, "second")).GetProperty("run_id").GetGuid();

        await CancelAsync("rest", queued);
        first.End();
        var frames = await _socket.UntilAsync("complete");
        frames.AddRange(await _socket.UntilAsync("complete"));

        Assert.That(frames.Count(frame => frame.GetRawText().Contains("run_cancelled", StringComparison.Ordinal)), Is.EqualTo(1));
        await StatusIsAsync(queued, "cancelled");
    }

    [Test]
    public async Task Cancel_AfterTheEndOrTwice_ChangesNothing()
    {
        var run = (await _client.SayAsync(_conversation, "Hello")).GetProperty("run_id").GetGuid();
        (await _runtime.NextRunAsync()).End();
        await _socket.UntilAsync("complete");
        var before = (await _client.GetAsync($"/conversations/{_conversation}")).GetRawText();

        await CancelAsync("rest", run);
        await CancelAsync("rest", run);

        await StatusIsAsync(run, "completed");
        Assert.That((await _client.GetAsync($"/conversations/{_conversation}")).GetRawText(), Is.EqualTo(before));
    }

    [Test]
    public async Task Cancel_RacingTheEnd_EndsOnceWithOneTruth()
    {
        for (var i = 0; i < 200; i++)
        {
            var run = (await _client.SayAsync(_conversation, "Hello")).GetProperty("run_id").GetGuid();
            var script = await _runtime.NextRunAsync();
            script.Say("text");
            await _socket.UntilAsync("stream");

            var cancel = CancelAsync("rest", run);
            script.End();
            await cancel;
            var frames = await _socket.UntilAsync("complete");

            var told = frames.Any(frame => frame.GetRawText().Contains("run_cancelled", StringComparison.Ordinal)) ? "cancelled" : "completed";
            await StatusIsAsync(run, told);
        }

        await _client.SendAsync(_conversation, new { role = "system", content = "marker" });
        Assert.That((await _socket.UntilAsync("ack")).Select(LegacyClient.TypeOf), Is.EqualTo(new[] { "ack" }), "A second complete came.");
    }

    [Test]
    public async Task Cancel_ForeignOrUnknown_IsNotFound()
    {
        var run = (await _client.SayAsync(_conversation, "Hello")).GetProperty("run_id").GetGuid();
        using var stranger = _host.AsUser();

        foreach (var id in new[] { run, Guid.CreateVersion7() })
        {
            using var response = await stranger.Http.PostAsync($"{ApiClient.Root}/runs/{id}/cancel", content: null);
            await ApiClient.ReadAsync(response, 404);
        }

        (await _runtime.NextRunAsync()).End();
        await _socket.UntilAsync("complete");
    }

    private async Task CancelAsync(string door, Guid run)
    {
        switch (door)
        {
            case "hub":
                await using (var hub = await HubClient.ConnectAsync(_client))
                {
                    await hub.Connection.InvokeAsync<JsonElement>("CancelRun", run, Patience.Token);
                }

                break;
            case "socket":
                await using (var socket = await V2Socket.ConnectAsync(_client, _conversation, position: null))
                {
                    await socket.SendAsync(new { type = "cancel", id = "c", run_id = run });
                    Assert.That((await socket.ReplyAsync("c")).GetProperty("status").GetInt32(), Is.EqualTo(202));
                }

                break;
            default:
                using (var client = door == "rest" ? _host.As(_token) : _other.As(_token))
                {
                    using var response = await client.Http.PostAsync($"{ApiClient.Root}/runs/{run}/cancel", content: null);
                    await ApiClient.ReadAsync(response, 202);
                }

                break;
        }
    }

    private async Task StatusIsAsync(Guid run, string status) =>
        Assert.That((await _client.GetAsync($"/runs/{run}")).GetProperty("status").GetString(), Is.EqualTo(status));
}
