using Conversation.Api.AgentRuntimes;
using Conversation.Api.Langflow;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Langflow;

/// <summary>The workflows API: a job that is begun once, attached to again, stopped, and continued by another process.</summary>
[TestFixture]
internal sealed class WorkflowsTests
{
    private FakeLangflow _fake = null!;
    private LangflowDriver _driver = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot11);
        _driver = LangflowDriver.Create(_fake, settings => settings with { LangflowApi = "auto" });
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _driver.DisposeAsync();
        await _fake.DisposeAsync();
    }

    [Test]
    public async Task Job_Streams_AndIsAskedAsTheServerWants()
    {
        var context = LangflowDriver.Context();
        var running = _driver.RunAsync(context);
        var job = await _fake.NextJobAsync();
        await SayAsync(job);

        var outputs = await running.OrTimeout();

        Assert.That(outputs[1], Is.InstanceOf<ResumePoint>(), "Before any text.");
        Assert.That(outputs.OfType<TextDelta>().Select(delta => delta.Text), Is.EqualTo(new[] { "One ", "two ", "three." }));
        Assert.That(((AnswerEnd)outputs[^1]).Text, Is.EqualTo("One two three."));
        Assert.That(
            job.Body.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetString()),
            Is.EquivalentTo(new Dictionary<string, string?>
            {
                ["flow_id"] = FakeLangflow.FirstFlow,
                ["input_value"] = "Hello",
                ["session_id"] = context.SessionId,
                ["mode"] = "background",
                ["stream_protocol"] = "langflow",
                ["idempotency_key"] = context.RunId.ToString(),
            }));
    }

    [Test]
    public async Task Job_BeginningLost_IsBegunOnce()
    {
        _fake.LostBeginnings = 1;
        var running = _driver.RunAsync();
        await SayAsync(await _fake.NextJobAsync());

        Assert.That(LangflowDriver.Text(await running.OrTimeout()), Is.EqualTo("One two three."));
        Assert.That(_fake.Jobs, Has.Count.EqualTo(1));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(4)]
    public async Task Job_ConnectionDrops_IsAttachedToAgainBehindTheLastEvent(int after)
    {
        var dropped = 0;
        _fake.Drops = id => id == after && Interlocked.Exchange(ref dropped, 1) == 0;
        var running = _driver.RunAsync();
        var job = await _fake.NextJobAsync();
        await SayAsync(job);

        var outputs = await running.OrTimeout();

        Assert.That(LangflowDriver.Text(outputs), Is.EqualTo("One two three."));
        Assert.That(_fake.Jobs, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Job_GoneAndEndedMeanwhile_TellsItsTextByItsStatus()
    {
        _fake.Drops = _ => true;
        var running = _driver.RunAsync();
        var job = await _fake.NextJobAsync();
        job.Output = "One two three.";
        job.Emit(job.Events.Token("m-1", "One "));
        await job.HeardAsync();
        job.End();

        Assert.That(LangflowDriver.Text(await running.OrTimeout()), Is.EqualTo("One two three."));
    }

    [Test]
    public async Task Job_WhoseEventsBeginAtOne_StreamsAllTheSame()
    {
        var running = _driver.RunAsync();
        var job = await _fake.NextJobAsync();
        job.FirstId = 1;
        await SayAsync(job);

        Assert.That((await running.OrTimeout()).OfType<TextDelta>().Count(), Is.EqualTo(3), "The first one is no hole.");
    }

    [Test]
    public async Task Job_TooSlowForTheServer_IsAttachedToAgain()
    {
        var running = _driver.RunAsync();
        var job = await _fake.NextJobAsync();
        await job.HeardAsync();
        job.Emit(
            job.Events.Token("m-1", "One "),
            FakeEvents.ErrorText("Workflow event stream exceeded buffering capacity; client is consuming events too slowly."),
            job.Events.End(("m-1", "One two three.")));
        job.End();

        Assert.That(LangflowDriver.Text(await running.OrTimeout()), Is.EqualTo("One two three."));
    }

    [Test]
    public async Task Job_Cancelled_IsStoppedAndThatIsConfirmed()
    {
        var (said, job) = await CancelAsync(LangflowDriver.Context());

        Assert.That(said[^1], Is.EqualTo(new CancelReport("confirmed")));
        await job.Stopped.OrTimeout();
    }

    [Test]
    public async Task Job_HandedOver_IsNotStopped()
    {
        var (said, job) = await CancelAsync(LangflowDriver.Context() with { IsHandedOver = () => true });

        Assert.That(said[^1], Is.InstanceOf<ResumePoint>());
        Assert.That(job.Status, Is.EqualTo("in_progress"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Job_ContinuedByAnotherProcess_GivesTheExactText(bool behindAToken)
    {
        var context = LangflowDriver.Context();
        var (said, job) = await CancelAsync(context with { IsHandedOver = () => true });
        var points = said.OfType<ResumePoint>().ToList();
        var resume = behindAToken ? new AgentResume(points[^1].Token, "One ") : new AgentResume(points[0].Token, "");
        await using var other = LangflowDriver.Create(_fake);
        var running = other.RunAsync(context with { Resume = resume });
        await job.HeardAsync();
        job.Emit(job.Events.Token("m-1", "two "), job.Events.Message("m-1", "One two three."), job.Events.End(("m-1", "One two three.")));
        job.End();

        var outputs = await running.OrTimeout();

        Assert.That(resume.Text + LangflowDriver.Text(outputs), Is.EqualTo("One two three."));
        Assert.That(outputs.OfType<Notice>(), Is.Empty, "It was said before.");
        Assert.That(_fake.Jobs, Has.Count.EqualTo(1));
    }

    /// <summary>What the first process was told of is not told again, and the job itself ends a moment after its events.</summary>
    [Test]
    public async Task Job_ContinuedByAnotherProcess_GivesTheOutputsOfBoth()
    {
        var context = LangflowDriver.Context();
        var (said, job) = await CancelAsync(context with { IsHandedOver = () => true });
        var resume = new AgentResume(said.OfType<ResumePoint>().Last().Token, "One ");
        await using var other = LangflowDriver.Create(_fake);
        var running = other.RunAsync(context with { Resume = resume });
        await job.HeardAsync();
        job.Output = $"One {AnswerAccumulator.Between}Two";
        job.LateLooks = 2;
        job.Emit(job.Events.Message("m-2", "Two"), FakeEvents.Event("end", new { build_duration = 0.1 }));
        job.End();

        Assert.That(((AnswerEnd)(await running.OrTimeout())[^1]).Text, Is.EqualTo(job.Output));
    }

    [Test]
    public void Job_ContinuedByAnotherProcess_TellsNoToolTwice()
    {
        object[] tools = [FakeEvents.Tool("search", new { query = "rain" }, new { hits = 3 }), FakeEvents.Tool("fetch", new { url = "x" })];
        var token = new ResumeToken("job", 0, "M-1", InPieces: false, new() { ["M-1:0"] = true, ["M-1:1"] = false }).ToString();
        var answer = new AnswerAccumulator("", ResumeToken.Parse(token));
        var outputs = new List<AgentOutput>();
        var line = new FakeEvents(LangflowProfile.V1Dot11, "s").Message("M-1", "", tools: tools);

        LangflowEvent.TryRead(new(System.Text.Encoding.UTF8.GetBytes(line)), out var message);
        answer.Apply(message, outputs);
        answer.Finish("Done.", outputs);

        Assert.That(outputs, Has.None.InstanceOf<ToolStarted>());
        Assert.That(outputs.OfType<ToolCompleted>().Select(tool => (tool.Id, tool.Name)), Is.EqualTo(new[] { ("M-1:1", "fetch") }));
    }

    [TestCase("1.8")]
    [TestCase("off")]
    [TestCase("endpoint")]
    [TestCase("run")]
    public async Task Workflows_NotOfferedOrNotWanted_AreNotUsed(string why)
    {
        await using var fake = await FakeLangflow.StartAsync(why == "1.8" ? LangflowProfile.V1Dot8 : LangflowProfile.V1Dot11);
        fake.WorkflowsAreOn = why != "off";
        await using var driver = LangflowDriver.Create(fake, settings => settings with { LangflowApi = why == "run" ? "run" : "auto" });

        await driver.RunAsync(LangflowDriver.Context(why == "endpoint" ? "chat" : FakeLangflow.FirstFlow));
        await driver.RunAsync(LangflowDriver.Context(why == "endpoint" ? "chat" : FakeLangflow.FirstFlow));

        Assert.That(fake.Count("POST /api/v1/run"), Is.EqualTo(2));
        Assert.That(fake.Count("GET /api/v1/version"), Is.EqualTo(why is "1.8" or "off" ? 1 : 0), "What is known is kept.");
    }

    private async Task<(List<AgentOutput> Said, FakeJob Job)> CancelAsync(AgentContext context)
    {
        using var cancel = new CancellationTokenSource();
        var said = new List<AgentOutput>();
        var running = Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (var output in _driver.Runtime.RunAsync(context, cancel.Token))
            {
                said.Add(output);
                if (said is [.., TextDelta, ResumePoint])
                {
                    await cancel.CancelAsync();
                }
            }
        });
        var job = await _fake.NextJobAsync();
        await job.HeardAsync();
        job.Emit(job.Events.Token("m-1", "One "));
        await running.OrTimeout();
        return (said, job);
    }

    /// <summary>A whole answer, said to whoever listens.</summary>
    private static async Task SayAsync(FakeJob job)
    {
        await job.HeardAsync();
        job.Emit(
            job.Events.User(job.Input),
            job.Events.Token("m-1", "One "),
            job.Events.Token("m-1", "two "),
            job.Events.Token("m-1", "three."),
            job.Events.Message("m-1", "One two three."),
            job.Events.End(("m-1", "One two three.")));
        job.End();
    }
}
