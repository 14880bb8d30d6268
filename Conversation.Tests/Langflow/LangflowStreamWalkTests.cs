using System.Text;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Langflow;

/// <summary>However the stream of a run is cut, repeated, broken off or gone wrong: who sees what of it, and what is stored.</summary>
[TestFixture]
internal sealed class LangflowStreamWalkTests
{
    private const string Silent = "The flow failed and did not say why.";

    private static readonly string[] Pieces = ["Hel", "lo ", "wörld ", "🙂!"];
    private static readonly Sight All = Sight.Whole(string.Concat(Pieces));

    [TestCaseSource(nameof(Streams))]
    public async Task Stream_OfEveryKind_IsSeenAndStored(Func<FakeRun, Task> flow, Sight sight)
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8);
        walk.Fake.Flow = flow;

        var seen = await walk.SayAsync();

        sight.Check(seen);
        Assert.That(string.Concat(seen.V2), Does.Not.Contain("s3cret").And.Not.Contain("sk-abcdef"));
        Assert.That(walk.Fake.Count("POST /api/v1/run"), Is.EqualTo(1), "A run is never repeated.");
    }

    [TestCaseSource(nameof(Breaks))]
    public async Task Break_AfterTextWasShown_IsSeenAndStored(Func<FakeRun, Task> rest, Sight sight)
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8);
        var shown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        walk.Fake.Flow = async run =>
        {
            await run.SendAsync(run.Events.Message("m-1", "", partial: true), run.Events.Token("m-1", "The draft"));
            await shown.Task.OrTimeout();
            await rest(run);
        };

        sight.Check(await walk.SayAsync(shown: _ =>
        {
            shown.SetResult();
            return Task.CompletedTask;
        }));
    }

    [TestCase(1)]
    [TestCase(70, Category = "Long")]
    public async Task Silence_BetweenTokens_IsNotAnEnd(int seconds)
    {
        await using var walk = await LangflowWalk.StartAsync(
            LangflowProfile.V1Dot8, options: options => options with { Patience = TimeSpan.FromMilliseconds(500) });
        walk.Fake.Flow = async run =>
        {
            await run.SendAsync(run.Events.Token("m-1", "Thinking"));
            await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, run.Token);
            await run.SendAsync(run.Events.Token("m-1", " done."), run.Events.End());
        };

        Sight.Whole("Thinking done.").Check(await walk.SayAsync(token: CancellationToken.None)
            .WaitAsync(TimeSpan.FromSeconds(seconds + 30), TimeProvider.System));
    }

    [Test]
    public async Task Stream_StaysOpenAfterItsEnd_IsCut()
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8);
        walk.Fake.Flow = async run =>
        {
            await FakeFlows.PlainAsync(run, Pieces);
            await run.HangAsync();
        };

        All.Check(await walk.SayAsync());
        await (await walk.Fake.NextRunAsync()).Cancelled.OrTimeout();
    }

    [Test]
    public async Task Job_OfTheWorkflowsApi_IsSeenAndStoredTheSame()
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot11, settings => settings with { LangflowApi = "workflows" });
        var saying = walk.SayAsync();
        var job = await walk.Fake.NextJobAsync();
        await job.HeardAsync();
        job.Emit(
            job.Events.User(job.Input),
            job.Events.Message("m-1", "Hel", partial: true),
            job.Events.Token("m-1", "Hel"),
            job.Events.Token("m-1", "lo"),
            job.Events.Message("m-1", "Hello"),
            job.Events.End(("m-1", "Hello")));
        job.End();

        Sight.Whole("Hello").Check(await saying);
    }

    private static IEnumerable<TestCaseData> Streams()
    {
        yield return Stream("first piece comes twice", All, run => FakeFlows.PlainAsync(run, Pieces));
        yield return Stream("first piece comes once", Sight.Whole("Hello"), run => run.SendAsync(
            run.Events.Message("m-1", "Hel", partial: true), run.Events.Token("m-1", "lo"), run.Events.End(("m-1", "Hello"))));
        yield return Stream("one byte a write", All, async run =>
        {
            foreach (var one in Wire(run))
            {
                await run.SendRawAsync([one]);
            }
        });
        yield return Stream("all events in one write", All, run => run.SendRawAsync(Wire(run)));
        yield return Stream("blank lines doubled", All, run => run.SendRawAsync(
            Encoding.UTF8.GetString(Wire(run)).Replace("\n\n", "\r\n\n\n\n", StringComparison.Ordinal)));
        yield return Stream("an end of 5 MB", All, run => FakeFlows.PlainAsync(run, padding: 5 * 1024 * 1024, Pieces));
        yield return Stream("only an end", Sight.Whole("Only the end."), run => run.SendAsync(run.Events.End(("m-1", "Only the end."))));
        yield return Stream("a reply of before 1.1.2", Sight.Whole("Whole."), run => run.SendRawAsync(
            System.Text.Json.JsonSerializer.Serialize(run.Events.Result("", ("m-1", "Whole.")))));
        yield return Stream("error of the first shape", Sight.Nothing("flow_failed", "Rate limit reached", Sight.Authenticated), run =>
            run.SendAsync(FakeEvents.ErrorMessage("Rate limit reached")));
        yield return Stream("error of the second shape", Sight.Nothing("flow_failed", "Error running graph:", Sight.Authenticated), async run =>
        {
            await run.SendAsync(FakeEvents.ErrorText("Error running graph: Traceback (most recent call last):\n File \"x.py\", line 1 s3cret"));
            await run.HangAsync();
        });
        yield return Stream("errors of both shapes", Sight.Part("Some", "flow_failed", "Error running graph: key ***"), run => run.SendAsync(
            run.Events.Token("m-1", "Some"), FakeEvents.ErrorMessage("key sk-abcdef123456"), FakeEvents.ErrorText("Error running graph: key sk-abcdef123456")));
        yield return Stream("nothing but an end of the stream", Sight.Nothing("flow_failed", Silent, Sight.Authenticated), _ => Task.CompletedTask);
        yield return Stream("an end of the stream after tokens", Sight.Part("Some", "flow_failed", Silent), run =>
            run.SendAsync(run.Events.Token("m-1", "Some")));
        yield return Stream("an end of the stream in a line", Sight.Part("Some", "flow_failed", Silent), async run =>
        {
            await run.SendAsync(run.Events.Token("m-1", "Some"));
            await run.SendRawAsync(run.Events.End(("m-1", "Some"))[..40]);
        });
    }

    private static IEnumerable<TestCaseData> Breaks()
    {
        yield return new TestCaseData(
            (FakeRun run) => run.SendAsync(run.Events.End(("m-1", "The answer"))), Sight.Replaced("The draft", keeps: 4, "The answer"))
            .SetArgDisplayNames("another text at the end");
        yield return new TestCaseData(
            (FakeRun run) => run.SendAsync(run.Events.End(("m-1", "The draft, longer"))), Sight.Whole("The draft, longer"))
            .SetArgDisplayNames("more text at the end");
        yield return new TestCaseData(
            (FakeRun run) =>
            {
                run.Reset();
                return Task.CompletedTask;
            },
            Sight.Part("The draft", "langflow_unavailable", "The connection to Langflow was lost in the middle of the answer."))
            .SetArgDisplayNames("reset");
    }

    private static TestCaseData Stream(string name, Sight sight, Func<FakeRun, Task> flow) =>
        new TestCaseData(flow, sight).SetArgDisplayNames(name);

    private static byte[] Wire(FakeRun run) =>
        Encoding.UTF8.GetBytes(string.Concat(FakeFlows.LinesOf(run, padding: 0, Pieces).Select(line => $"{line}\n\n")));
}
