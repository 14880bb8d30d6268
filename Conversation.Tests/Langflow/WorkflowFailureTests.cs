using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Langflow;

/// <summary>What is told of a job of the workflows API that fails.</summary>
[TestFixture]
internal sealed class WorkflowFailureTests
{
    private FakeLangflow _fake = null!;
    private LangflowDriver _driver = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot11);
        _driver = LangflowDriver.Create(_fake, settings => settings with { LangflowApi = "workflows" });
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _driver.DisposeAsync();
        await _fake.DisposeAsync();
    }

    [Test]
    public async Task Job_Fails_TellsWhy()
    {
        var failing = _driver.FailAsync();
        var job = await _fake.NextJobAsync();
        await job.HeardAsync();
        job.Emit(job.Events.Token("m-1", "One "), FakeEvents.ErrorText("Error building Component OpenAI"));
        job.End("Error building Component OpenAI");

        var (said, failure) = await failing.OrTimeout();

        Assert.That((LangflowDriver.Text(said), failure.Code, failure.Message), Is.EqualTo(("One ", "flow_failed", "Error building Component OpenAI")));
    }

    /// <summary>As versions from 1.11 on tell of a component that fails: a whole message, an end like any other, and the job's failure after it.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task Job_FailsAndEndsLikeAnyOther_TellsWhy(bool isKnownAtTheEnd)
    {
        var failing = _driver.FailAsync();
        var job = await _fake.NextJobAsync();
        await job.HeardAsync();
        job.Emit(FakeEvents.ErrorMessage("Incorrect API key"), FakeEvents.Event("end", new { build_duration = 0.1 }));
        if (isKnownAtTheEnd)
        {
            job.End("Job has failed execution.");
        }

        var (said, failure) = await failing.OrTimeout();

        Assert.That((LangflowDriver.Text(said), failure.Code, failure.Message), Is.EqualTo(("", "flow_failed", "Incorrect API key")));
    }

    [Test]
    public async Task Job_FailsUnheard_TellsWhyByItsStatus()
    {
        var failing = _driver.FailAsync();
        var job = await _fake.NextJobAsync();
        job.End("Error building Component OpenAI");

        Assert.That((await failing.OrTimeout()).Failure.Message, Is.EqualTo("Error building Component OpenAI"));
    }
}
