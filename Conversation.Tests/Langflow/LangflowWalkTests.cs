using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Langflow;

/// <summary>What each version's flows lead to: the exact frames of a legacy and of a v2 client, and the stored rows.</summary>
[TestFixture]
internal sealed class LangflowWalkTests
{
    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task Tokens_AreSeenAndStoredTheSame(LangflowProfile profile)
    {
        await using var walk = await LangflowWalk.StartAsync(profile);
        walk.Fake.Flow = run => FakeFlows.PlainAsync(run, "Grüß ", "dich, ", "🙂!");

        Sight.Whole("Grüß dich, 🙂!").Check(await walk.SayAsync());
    }

    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task NoTokens_IsOneFrameOfText(LangflowProfile profile)
    {
        await using var walk = await LangflowWalk.StartAsync(profile);
        walk.Fake.Flow = run => FakeFlows.WholeAsync(run, "All\n\nat once.");

        Sight.Whole("All\n\nat once.").Check(await walk.SayAsync());
    }

    /// <summary>Until 1.6 its messages are cumulative, from 1.7 on there are tokens: nobody sees a difference.</summary>
    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task Agent_TellsItsToolsToV2Only(LangflowProfile profile)
    {
        await using var walk = await LangflowWalk.StartAsync(profile);
        walk.Fake.Flow = run => FakeFlows.AgentAsync(run, "It ", "will ", "rain.");

        Sight.Whole(
            "It will rain.",
            """tool.started {"id":"a-1:0","name":"search","input":{"query":"rain"}}""",
            """tool.completed {"id":"a-1:0","name":"search","output":{"hits":3}}""",
            """tool.started {"id":"a-1:1","name":"fetch","input":{"url":"x"}}""",
            """tool.completed {"id":"a-1:1","name":"fetch","error":"The flow failed and did not say why."}""").Check(await walk.SayAsync());
    }

    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task TwoOutputs_AreOneAnswer(LangflowProfile profile)
    {
        await using var walk = await LangflowWalk.StartAsync(profile);
        walk.Fake.Flow = FakeFlows.TwoOutputsAsync;

        Sight.Whole("Second.\n\nFirst.").Check(await walk.SayAsync());
    }

    /// <summary>Until 1.7 its stream just ends; later it tells both shapes of an error, with a trace and a key in them.</summary>
    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task FailureInMidAnswer_KeepsThePartAndTellsTheRunsDetail(LangflowProfile profile)
    {
        await using var walk = await LangflowWalk.StartAsync(profile);
        walk.Fake.Flow = run => FakeFlows.FailingAsync(run, "Half an ", "answer");

        Sight.Part("Half an answer", "flow_failed", profile.TellsErrors
            ? "Error running graph: Error building Component OpenAI: Incorrect API key ***"
            : "The flow failed and did not say why.").Check(await walk.SayAsync());
    }

    /// <summary>Until 1.7 by 200 and the start page, later by 404.</summary>
    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task UnknownFlow_IsNotFound(LangflowProfile profile)
    {
        await using var walk = await LangflowWalk.StartInProductionAsync(profile);

        Sight.Nothing("flow_not_found", "The flow was not found in Langflow.").Check(await walk.SayAsync(metadata: new { flow_id = "gone" }));
    }

    /// <summary>The list is compressed whether asked for or not, and without its slash it is the start page.</summary>
    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task NoFlowNamed_IsDiscovered(LangflowProfile profile)
    {
        await using var walk = await LangflowWalk.StartInProductionAsync(profile);

        Sight.Whole("Hello from Langflow.").Check(await walk.SayAsync(metadata: new { }));
        Assert.That((await walk.Fake.NextRunAsync()).Flow, Is.EqualTo(FakeLangflow.FirstFlow));
        Assert.That(walk.Fake.Cookies, Is.Empty);
    }

    [Test]
    public async Task Run_Asked_GetsTheFieldsThatLangflowReads()
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8);

        await walk.SayAsync("What is \"new\"?");

        var run = await walk.Fake.NextRunAsync();
        Assert.That((run.Query, run.Input, run.Headers["x-api-key"]), Is.EqualTo(("?stream=true", "What is \"new\"?", "sk-minted-1")));
        Assert.That(
            run.Body.EnumerateObject().Select(member => member.Name),
            Is.EquivalentTo(new[] { "input_value", "input_type", "output_type", "session_id" }));
        Assert.That(run.Headers.Keys, Has.None.EqualTo("Authorization").IgnoreCase);
    }

    /// <summary>By the client of the adapter, which has handlers of its own.</summary>
    [Test]
    public async Task Run_OfATracedRequest_TellsLangflowTheTrace()
    {
        const string Caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8);
        walk.Client.Http.DefaultRequestHeaders.Add("traceparent", Caller);

        await walk.SayAsync();

        Assert.That(
            (await walk.Fake.NextRunAsync()).Headers.GetValueOrDefault("traceparent"),
            Does.StartWith("00-0af7651916cd43dd8448eb211c80319c-").And.EndsWith("-01").And.Not.EqualTo(Caller));
    }

    [Test]
    public async Task Cancel_CutsTheStreamAndKeepsThePart()
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8);
        walk.Fake.Flow = async run =>
        {
            await run.SendAsync(run.Events.Token("m-1", "Only this"));
            await run.HangAsync();
        };

        var seen = await walk.SayAsync(shown: walk.CancelAsync);

        Sight.Cancelled("Only this", "unconfirmed").Check(seen);
        await (await walk.Fake.NextRunAsync()).Cancelled.OrTimeout();
    }
}
