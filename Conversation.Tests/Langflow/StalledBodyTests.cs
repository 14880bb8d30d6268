using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace Conversation.Tests.Langflow;

/// <summary>Replies whose head comes and whose body does not: a document is not waited for, a stream may be silent.</summary>
[TestFixture]
internal sealed class StalledBodyTests
{
    private const string Jobs = "/api/v2/workflows";

    /// <summary>Long enough for the replies that do come, on a machine that is busy.</summary>
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    private FakeLangflow _fake = null!;

    [SetUp]
    public async Task StartAsync() => _fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot11);

    [TearDown]
    public async Task StopAsync() => await _fake.DisposeAsync();

    [TestCase("/api/v1/auto_login", 200)]
    [TestCase("/api/v1/auto_login", 400)]
    [TestCase("/api/v1/flows/", 200)]
    [TestCase("/api/v1/version", 200)]
    [TestCase(Jobs, 404)]
    public async Task Lookup_StallsOnce_IsAskedAgain(string path, int status)
    {
        _fake.WorkflowsAreOn = false;
        StallOnce("GET", path, status);
        await using var driver = Create("auto");

        var outputs = await driver.RunAsync(LangflowDriver.Context(flow: null)).OrTimeout();

        Assert.That(outputs[^1], Is.InstanceOf<AnswerEnd>());
        Assert.That(_fake.Count($"GET {path}"), Is.EqualTo(2));
    }

    [Test]
    public async Task Lookup_AlwaysStalls_IsUnavailable()
    {
        _fake.Override = async http =>
        {
            var stalls = http.Request.Path == "/api/v1/flows/";
            await (stalls ? FakeLangflow.HangAsync(http, 200) : Task.CompletedTask);
            return stalls;
        };
        await using var driver = Create("run");

        var (_, failure) = await driver.FailAsync(LangflowDriver.Context(flow: null)).OrTimeout();

        Assert.That((failure.Code, failure.Message), Is.EqualTo(("langflow_unavailable", "Langflow does not answer.")));
        Assert.That(_fake.Count("GET /api/v1/flows/"), Is.EqualTo(3));
    }

    [TestCase("POST", Jobs, 200)]
    [TestCase("GET", Jobs, 200)]
    [TestCase("GET", Jobs, 500)]
    [TestCase("GET", "/events", 404)]
    public async Task Job_ReplyStallsOnce_IsAskedForAgain(string method, string path, int status)
    {
        StallOnce(method, path, status);
        await using var driver = Create("workflows");
        var running = driver.RunAsync();
        var job = await _fake.NextJobAsync();
        await job.HeardAsync();
        job.Output = "Done.";
        job.Emit(FakeEvents.Event("end", new { build_duration = 0.1 }));
        job.End();

        Assert.That(((AnswerEnd)(await running.OrTimeout())[^1]).Text, Is.EqualTo("Done."));
        Assert.That(_fake.Jobs, Has.Count.EqualTo(1));
    }

    [TestCase(403)]
    [TestCase(500)]
    public async Task Run_RefusalStalls_IsUnavailableAndNotRepeated(int status)
    {
        StallOnce("POST", $"/api/v1/run/{FakeLangflow.FirstFlow}", status);
        await using var driver = Create("run");

        var (_, failure) = await driver.FailAsync().OrTimeout();

        Assert.That((failure.Code, failure.Message), Is.EqualTo(("langflow_unavailable", "Langflow does not answer.")));
        Assert.That((_fake.Count("POST /api/v1/run"), _fake.Minted), Is.EqualTo((1, 1)));
    }

    [TestCase("run")]
    [TestCase("workflows")]
    public async Task Stream_SilentForLonger_GoesOn(string api)
    {
        _fake.Flow = async run =>
        {
            await run.SendAsync(run.Events.Token("m-1", "One "));
            await Task.Delay(Short * 2, TimeProvider.System, run.Token);
            await run.SendAsync(run.Events.End(("m-1", "One two.")));
        };
        await using var driver = Create(api);
        var running = driver.RunAsync();
        if (api == "workflows")
        {
            var job = await _fake.NextJobAsync();
            await job.HeardAsync();
            job.Emit(job.Events.Token("m-1", "One "));
            await Task.Delay(Short * 2, TimeProvider.System);
            job.Emit(job.Events.End(("m-1", "One two.")));
            job.End();
            Assert.That(job.Attached, Has.Count.EqualTo(1));
        }

        Assert.That(((AnswerEnd)(await running.OrTimeout())[^1]).Text, Is.EqualTo("One two."));
    }

    private LangflowDriver Create(string api) => LangflowDriver.Create(
        _fake, settings => settings with { LangflowApi = api }, options => options with { Patience = Short });

    private void StallOnce(string method, string path, int status)
    {
        var stalls = 1;
        _fake.Override = async http =>
        {
            if (http.Request.Method != method || !Ends(http.Request.Path, path) || Interlocked.Decrement(ref stalls) < 0)
            {
                return false;
            }

            await FakeLangflow.HangAsync(http, status);
            return true;
        };
    }

    private static bool Ends(PathString path, string end) => path.Value!.EndsWith(end, StringComparison.Ordinal);
}
