using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Moq;

namespace Conversation.Tests.AgentRuns;

/// <summary>What becomes of a run, as a legacy client and the stored row see it.</summary>
[TestFixture]
internal sealed class RunExecutionTests
{
    private readonly ScriptedRuntime _runtime = new();
    private ApiHost _host = null!;
    private ApiClient _client = null!;
    private Guid _conversation;
    private LegacyClient _socket = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync(services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(_runtime));
        _client = _host.AsUser();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
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

    [Test]
    public async Task Run_SpeaksAndEnds_StreamsAndStoresTheSame()
    {
        await _client.SayAsync(_conversation, "Hello");
        var run = await _runtime.NextRunAsync();
        run.Note("info", "langflow_authenticated");
        run.Say("One ", "two ", "three.");
        run.End();

        var frames = LegacyClient.Merged(await _socket.UntilAsync("complete"));

        Assert.That(frames[1..], Is.EqualTo(new[]
        {
            """{"type":"info","message":"langflow_authenticated"}""", "stream: One two three.", """{"type":"complete"}""",
        }));
        await AnswerIsAsync("One two three.", "completed", "stop");
    }

    [Test]
    public async Task Run_SaysNothing_CompletesWithAnEmptyAnswer()
    {
        await _client.SayAsync(_conversation, "Hello");
        (await _runtime.NextRunAsync()).End();

        var frames = LegacyClient.Merged(await _socket.UntilAsync("complete"));

        Assert.That(frames[1..], Is.EqualTo(new[] { """{"type":"complete"}""" }));
        await AnswerIsAsync("", "completed", "stop");
    }

    [Test]
    public async Task Run_FailsBeforeAWord_TellsAndStoresNoAnswer()
    {
        await _client.SayAsync(_conversation, "Hello");
        var run = await _runtime.NextRunAsync();
        run.Note("warn", "langflow_auth_failed");
        run.End(new AgentRuntimeException("error", "The agent is not there."));

        var frames = LegacyClient.Merged(await _socket.UntilAsync("complete"));

        Assert.That(frames[1..], Is.EqualTo(new[]
        {
            """{"type":"warn","message":"langflow_auth_failed"}""", """{"type":"warn","message":"run_failed"}""", """{"type":"complete"}""",
        }));
        Assert.That(await _client.MessagesAsync(_conversation), Has.Count.EqualTo(1));
        await RunIsAsync("failed", "error", "The agent is not there.");
    }

    [Test]
    public async Task Run_ThrowsInMidAnswer_KeepsThePartAndHidesTheCause()
    {
        await _client.SayAsync(_conversation, "Hello");
        var run = await _runtime.NextRunAsync();
        run.Say("Only ", "this");
        run.End(new InvalidOperationException("s3cret"));

        var frames = LegacyClient.Merged(await _socket.UntilAsync("complete"));

        Assert.That(frames[1..], Is.EqualTo(new[]
        {
            "stream: Only this", """{"type":"warn","message":"run_failed"}""", """{"type":"complete"}""",
        }));
        await AnswerIsAsync("Only this", "interrupted", "error");
        await RunIsAsync("failed", "error", "The agent failed unexpectedly.");
    }

    [Test]
    public async Task Run_EndsWithoutAnEnd_IsAFailure()
    {
        await _client.SayAsync(_conversation, "Hello");
        var run = await _runtime.NextRunAsync();
        run.Say("Half");
        run.FallSilent();

        await _socket.UntilAsync("complete");

        await AnswerIsAsync("Half", "interrupted", "error");
    }

    [Test]
    public async Task Run_BrokenText_IsMendedBeforeAnyoneSeesIt()
    {
        await _client.SayAsync(_conversation, "Hello");
        var run = await _runtime.NextRunAsync();
        run.Say("a\0b", "\ud83d", "\ude42", "\ude42", "x\ud83d");
        run.End();

        var frames = await _socket.UntilAsync("complete");

        const string Mended = "a\uFFFDb🙂\uFFFDx\uFFFD";
        Assert.That(LegacyClient.TextOf(frames), Is.EqualTo(Mended));
        await AnswerIsAsync(Mended, "completed", "stop");
    }

    [Test]
    public async Task Runs_OfOneConversation_TakeTurnsInOrder()
    {
        await _client.SayAsync(_conversation, "first");
        var first = await _runtime.NextRunAsync();
        await _client.SayAsync(_conversation, "second");
        await _client.SayAsync(_conversation, "third");
        first.Say("1");
        first.End();
        foreach (var text in new[] { "2", "3" })
        {
            var next = await _runtime.NextRunAsync();
            next.Say(text);
            next.End();
        }

        var frames = new List<JsonElement>();
        for (var i = 0; i < 3; i++)
        {
            frames.AddRange(await _socket.UntilAsync("complete"));
        }

        var types = LegacyClient.Merged(frames).Where(frame => !frame.Contains("\"ack\"", StringComparison.Ordinal));
        Assert.That(types, Is.EqualTo(new[]
        {
            """{"type":"warn","message":"run_queued"}""", """{"type":"warn","message":"run_queued"}""",
            "stream: 1", """{"type":"complete"}""", "stream: 2", """{"type":"complete"}""", "stream: 3", """{"type":"complete"}""",
        }));
    }

    [Test]
    public async Task Run_Context_HasTheTriggerAndWhatCameBefore()
    {
        await _client.SendAsync(_conversation, new { role = "system", content = "Be brief." });
        await _client.SayAsync(_conversation, "Hello");

        var run = await _runtime.NextRunAsync();
        var earlier = await run.Context.Earlier(CancellationToken.None).Select(message => message.Content).ToListAsync();
        run.End();
        await _socket.UntilAsync("complete");

        Assert.That((run.Context.Trigger.Content, earlier), Is.EqualTo(("Hello", new List<string> { "Be brief." })));
    }

    [Test]
    public async Task Run_QueuedBeforeTheEarlierAnswerBegan_KnowsThatAnswer()
    {
        await _client.SayAsync(_conversation, "one");
        var first = await _runtime.NextRunAsync();
        await _client.SayAsync(_conversation, "two");
        first.Say("answer one");
        first.End();
        var second = await _runtime.NextRunAsync();
        var earlier = await second.Context.Earlier(CancellationToken.None).Select(message => message.Content).ToListAsync();
        second.End();

        Assert.That(earlier, Is.EqualTo(new[] { "one", "answer one" }));
    }

    [Test]
    public async Task Run_UnknownToTheRegistry_FailsHonestly()
    {
        var other = new Mock<IAgentRuntime>(MockBehavior.Strict);
        other.SetupGet(runtime => runtime.Name).Returns("other");
        await using var host = await ApiHost.StartAsync(
            services: services => services.RemoveAll<IAgentRuntime>().AddSingleton(other.Object));
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);

        await client.SayAsync(conversation, "Hello");
        await socket.UntilAsync("complete");

        var run = (await client.GetAsync($"/conversations/{conversation}/runs"))[0];
        Assert.That(run.GetProperty("error_code").GetString(), Is.EqualTo("unknown_runtime"));
    }

    private async Task AnswerIsAsync(string content, string status, string reason)
    {
        var answer = (await _client.MessagesAsync(_conversation))[1];
        Assert.That(
            (answer.GetProperty("content").GetString(), answer.GetProperty("status").GetString(), answer.GetProperty("finish_reason").GetString()),
            Is.EqualTo((content, status, reason)));
    }

    private async Task RunIsAsync(string status, string code, string detail)
    {
        var run = (await _client.GetAsync($"/conversations/{_conversation}/runs"))[0];
        Assert.That(
            (run.GetProperty("status").GetString(), run.GetProperty("error_code").GetString(), run.GetProperty("error_detail").GetString()),
            Is.EqualTo((status, code, detail)));
    }
}
