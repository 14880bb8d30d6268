using Conversation.Api.AgentRuntimes;
using Conversation.Data.Runs;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.AgentRuns;

/// <summary>What a runtime says beside its text may be as broken as it likes: it costs its own run at most.</summary>
[TestFixture]
internal sealed class BadRuntimeTests
{
    private const string Half = "half a pair \ud83d, and \0";

    private readonly ScriptedRuntime _runtime = new() { Capabilities = new(CancelOutcome.Confirmed, Resumes: true) };

    private static IEnumerable<TestCaseData> Broken()
    {
        yield return Case("finish reason", new AnswerEnd(Half));
        yield return Case("usage", new AnswerEnd("stop", Usage: $$"""{"model": "{{Half}}"}"""));
        yield return Case("metadata", new AnswerMetadata($$"""{"model": "{{Half}}"}"""), new TextDelta("text"), new AnswerEnd("stop"));
        yield return Case("agent", new AgentChosen(Half), new TextDelta("text"), new AnswerEnd("stop"));
        yield return Case("first resume point", new ResumePoint(Half), new TextDelta("text"), new AnswerEnd("stop"));
        yield return Case("tool input", new ToolStarted("1", Half, $$"""{"model": "{{Half}}"}"""), new AnswerEnd("stop", Text: "text"));

        static TestCaseData Case(string name, params AgentOutput[] outputs) => new TestCaseData((object)outputs).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Broken))]
    public async Task Output_WithWhatCannotBeStored_EndsItsRunAndNothingElse(AgentOutput[] outputs)
    {
        await using var host = await StartAsync();
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        await client.SayAsync(conversation, "Hello");
        var script = await _runtime.NextRunAsync();
        foreach (var output in outputs)
        {
            script.Say(output);
        }

        await socket.UntilAsync("complete");
        await AnswersAsync(client);
    }

    [Test]
    public async Task ResumePoint_WithWhatCannotBeStored_DoesNotStopTheService()
    {
        await using var host = await StartAsync();
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        await client.SayAsync(conversation, "Hello");
        var script = await _runtime.NextRunAsync();
        script.Say("text");
        await socket.UntilAsync("stream");
        script.Say(new ResumePoint(Half));
        script.Say("more");
        // Kept by now, as whoever lists the messages sees.
        for (var patience = Patience.Token; (await client.MessagesAsync(conversation))[1].GetProperty("content").GetString() != "textmore";)
        {
            patience.ThrowIfCancellationRequested();
        }

        script.End();

        await socket.UntilAsync("complete");
        await AnswersAsync(client);
    }

    [Test]
    public async Task Failure_WithWhatCannotBeStored_IsToldWithoutIt()
    {
        await using var host = await StartAsync();
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        var run = (await client.SayAsync(conversation, "Hello")).GetProperty("run_id").GetGuid();
        (await _runtime.NextRunAsync()).End(new AgentRuntimeException("error", Half));

        await socket.UntilAsync("complete");

        Assert.That(
            (await client.GetAsync($"/runs/{run}")).GetProperty("error_detail").GetString(),
            Is.EqualTo("half a pair \uFFFD, and \uFFFD"));
        await AnswersAsync(client);
    }

    private async Task AnswersAsync(ApiClient client)
    {
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        await client.SayAsync(conversation, "Still there?");
        var script = await _runtime.NextRunAsync();
        script.Say("Yes.");
        script.End();
        Assert.That(LegacyClient.TextOf(await socket.UntilAsync("complete")), Is.EqualTo("Yes."));
    }

    private Task<ApiHost> StartAsync() => ApiHost.StartAsync(
        services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(_runtime));
}
