using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Langflow;

/// <summary>The exact frames of a legacy and of a v2 client, and the stored rows, for the kinds of answers that Langflow gives.</summary>
[TestFixture]
internal sealed class LangflowWalkTests
{
    private const string Authenticated = """{"type":"info","message":"langflow_authenticated"}""";
    private const string Complete = """{"type":"complete"}""";
    private const string Failed = """{"type":"warn","message":"run_failed"}""";

    private static readonly string[] Spoken =
    [
        "message.created", "run.queued", "run.started", "run.notice", "message.started", "message.completed", "run.completed",
    ];

    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task Tokens_AreSeenAndStoredTheSame(LangflowProfile profile)
    {
        await using var walk = await LangflowWalk.StartAsync(profile);
        walk.Fake.Flow = run => FakeFlows.PlainAsync(run, "Grüß ", "dich, ", "🙂!");

        var seen = await walk.SayAsync();

        Assert.That(seen.Legacy, Is.EqualTo(new[] { Authenticated, "stream: Grüß dich, 🙂!", Complete }));
        Assert.That(seen.Types, Is.EqualTo(Spoken));
        Assert.That((seen.Content, seen.Answer.GetProperty("status").GetString()), Is.EqualTo(("Grüß dich, 🙂!", "completed")));
        Assert.That(seen.V2Content, Is.EqualTo(seen.Content));
        Assert.That(seen.RunSays("status"), Is.EqualTo("completed"));
        Assert.That(seen.RunSays("runtime"), Is.EqualTo("langflow"));
    }

    [Test]
    public async Task NoTokens_IsOneFrameOfText()
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8);
        walk.Fake.Flow = run => FakeFlows.WholeAsync(run, "All\n\nat once.");

        var seen = await walk.SayAsync();

        Assert.That(seen.Legacy, Is.EqualTo(new[] { Authenticated, "stream: All\n\nat once.", Complete }));
        Assert.That((seen.Types, seen.Content), Is.EqualTo((Spoken, "All\n\nat once.")));
    }

    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task Agent_TellsItsToolsToV2Only(LangflowProfile profile)
    {
        await using var walk = await LangflowWalk.StartAsync(profile);
        walk.Fake.Flow = run => FakeFlows.AgentAsync(run, "It ", "will ", "rain.");

        var seen = await walk.SayAsync();

        Assert.That(seen.Legacy, Is.EqualTo(new[] { Authenticated, "stream: It will rain.", Complete }));
        Assert.That(seen.Types.Where(type => type.StartsWith("tool", StringComparison.Ordinal)), Is.EqualTo(new[]
        {
            "tool.started", "tool.completed", "tool.started", "tool.completed",
        }));
        var data = seen.V2.First(frame => LegacyClient.TypeOf(frame) == "tool.completed").GetProperty("data");
        Assert.That(JsonSerializer.Serialize(data.GetProperty("output")), Is.EqualTo("""{"hits":3}"""));
        Assert.That(string.Concat(seen.V2), Does.Not.Contain("s3cret"));
        Assert.That(seen.Content, Is.EqualTo("It will rain."));
    }

    [Test]
    public async Task TwoOutputs_AreOneAnswer()
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8);
        walk.Fake.Flow = FakeFlows.TwoOutputsAsync;

        var seen = await walk.SayAsync();

        Assert.That(seen.Legacy, Is.EqualTo(new[] { Authenticated, "stream: Second.\n\nFirst.", Complete }));
        Assert.That((seen.Types, seen.Content), Is.EqualTo((Spoken, "Second.\n\nFirst.")));
    }

    [Test]
    public async Task DifferentEnd_IsStoredAndLegacyGetsNothingMore()
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8);
        var shown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        walk.Fake.Flow = async run =>
        {
            await run.SendAsync(run.Events.Message("m-1", "", partial: true), run.Events.Token("m-1", "The draft"));
            await shown.Task.OrTimeout();
            await run.SendAsync(run.Events.End(("m-1", "The answer")));
        };

        var seen = await walk.SayAsync(shown: shown);

        Assert.That(seen.Legacy, Is.EqualTo(new[] { Authenticated, "stream: The draft", Complete }));
        Assert.That((seen.Content, seen.V2Content), Is.EqualTo(("The answer", "The answer")));
    }

    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task FailureInMidAnswer_KeepsThePartAndTellsTheRunsDetail(LangflowProfile profile)
    {
        await using var walk = await LangflowWalk.StartAsync(profile);
        walk.Fake.Flow = run => FakeFlows.FailingAsync(run, "Half an ", "answer");

        var seen = await walk.SayAsync();

        Assert.That(seen.Legacy, Is.EqualTo(new[] { Authenticated, "stream: Half an answer", Failed, Complete }));
        Assert.That(seen.Types, Is.EqualTo(new[]
        {
            "message.created", "run.queued", "run.started", "run.notice", "message.started", "message.interrupted", "run.failed",
        }));
        Assert.That((seen.Content, seen.Answer.GetProperty("status").GetString()), Is.EqualTo(("Half an answer", "interrupted")));
        Assert.That(seen.V2Content, Is.EqualTo(seen.Content));
        Assert.That((seen.RunSays("error_code"), seen.RunSays("error_detail")), Is.EqualTo(("flow_failed", profile.TellsErrors
            ? "Error running graph: Error building Component OpenAI: Incorrect API key ***"
            : "The flow failed and did not say why.")));
        Assert.That(string.Concat(seen.V2), Does.Not.Contain("s3cret").And.Not.Contain("sk-abcdef"));
    }

    [Test]
    public async Task SilentEndWithoutAWord_IsAFailureWithoutAnAnswer()
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot6);
        walk.Fake.Flow = _ => Task.CompletedTask;

        var seen = await walk.SayAsync();

        Assert.That(seen.Legacy, Is.EqualTo(new[] { Authenticated, Failed, Complete }));
        Assert.That(seen.Content, Is.Null);
    }

    [TestCase("auth", "langflow_auth_failed")]
    [TestCase("flows", "no_flows_found")]
    public async Task Unusable_InProduction_FailsHonestly(string what, string code)
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8, settings => settings with { Environment = "production" });
        walk.Fake.AutoLogin = what != "auth";
        walk.Fake.Flows.Clear();

        var seen = await walk.SayAsync(metadata: new { });

        var warned = $$"""{"type":"warn","message":"{{code}}"}""";
        Assert.That(seen.Legacy, Is.EqualTo(what == "auth" ? [warned, Failed, Complete] : new[] { Authenticated, warned, Failed, Complete }));
        Assert.That((seen.Content, seen.RunSays("error_code")), Is.EqualTo(((string?)null, code)));
    }

    [TestCase("development")]
    [TestCase("testing")]
    public async Task Unusable_Elsewhere_IsSimulatedAndSaysSo(string environment)
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8, settings => settings with { Environment = environment });
        walk.Fake.AutoLogin = false;

        var seen = await walk.SayAsync();

        Assert.That(seen.Legacy[..2], Is.EqualTo(new[]
        {
            """{"type":"warn","message":"langflow_auth_failed"}""", """{"type":"warn","message":"simulated_runtime"}""",
        }));
        Assert.That(seen.Legacy[2], Does.StartWith("stream: This is a simulated answer."));
        Assert.That(seen.Answer.GetProperty("metadata_json").GetProperty("runtime").GetString(), Is.EqualTo("simulated"));
    }

    [Test]
    public async Task FlowFailure_InDevelopment_IsNotSimulated()
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8);
        walk.Fake.Flow = run => FakeFlows.FailingAsync(run);

        Assert.That((await walk.SayAsync()).Legacy, Is.EqualTo(new[] { Authenticated, Failed, Complete }));
    }
}
