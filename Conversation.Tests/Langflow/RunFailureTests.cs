using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace Conversation.Tests.Langflow;

/// <summary>However Langflow fails: the run says so once, truthfully, and tells neither traces nor secrets.</summary>
[TestFixture]
internal sealed class RunFailureTests
{
    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task Run_FlowFails_KeepsWhatWasSaidAndTellsWhy(LangflowProfile profile)
    {
        await using var fake = await FakeLangflow.StartAsync(profile);
        fake.Flow = run => FakeFlows.FailingAsync(run, "Half an ", "answer");
        await using var driver = LangflowDriver.Create(fake);

        var (said, failure) = await driver.FailAsync();

        Assert.That(LangflowDriver.Text(said), Is.EqualTo("Half an answer"));
        Assert.That((failure.Code, failure.Message), Is.EqualTo(("flow_failed", profile.TellsErrors
            ? "Error running graph: Error building Component OpenAI: Incorrect API key ***"
            : "The flow failed and did not say why.")));
    }

    [Test]
    public async Task Run_OnlyTheFirstShapeOfAnError_IsAFailure()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = run => run.SendAsync(FakeEvents.ErrorMessage("Rate limit reached"));
        await using var driver = LangflowDriver.Create(fake);

        Assert.That((await driver.FailAsync()).Failure.Message, Is.EqualTo("Rate limit reached"));
    }

    [Test]
    public async Task Run_OnlyTheSecondShapeOfAnError_IsAFailureAtOnce()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = async run =>
        {
            await run.SendAsync(FakeEvents.ErrorText("Error running graph: Traceback (most recent call last):\n File \"x.py\", line 1 s3cret"));
            await run.HangAsync();
        };
        await using var driver = LangflowDriver.Create(fake);

        Assert.That((await driver.FailAsync()).Failure.Message, Is.EqualTo("Error running graph:"));
    }

    [TestCase("nothing", "flow_failed")]
    [TestCase("tokens", "flow_failed")]
    [TestCase("mid-line", "flow_failed")]
    [TestCase("reset", "langflow_unavailable")]
    public async Task Run_StreamEndsWithoutAnEnd_IsAFailure(string how, string code)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot6);
        fake.Flow = async run =>
        {
            if (how != "nothing")
            {
                await run.SendAsync(run.Events.Token("m-1", "Some"));
            }

            if (how == "mid-line")
            {
                await run.SendRawAsync(run.Events.End(("m-1", "Some"))[..40]);
            }

            if (how == "reset")
            {
                run.Reset();
            }
        };
        await using var driver = LangflowDriver.Create(fake);

        var (said, failure) = await driver.FailAsync();

        Assert.That(failure.Code, Is.EqualTo(code));
        // A reset may overtake what was sent before it.
        Assert.That(LangflowDriver.Text(said), how == "reset" ? Is.AnyOf("", "Some") : Is.EqualTo(how == "nothing" ? "" : "Some"));
    }

    [TestCase(200, "html", "flow_not_found", null)]
    [TestCase(404, """{"detail":"Flow identifier x not found"}""", "flow_not_found", null)]
    [TestCase(403, """{"detail":"You do not have permission to run this flow"}""", "flow_not_found", null)]
    [TestCase(403, """{"detail":"Invalid or missing API key"}""", "langflow_auth_failed", "langflow_auth_failed")]
    [TestCase(403, """{"detail":"An API key must be passed as query or header"}""", "langflow_auth_failed", "langflow_auth_failed")]
    [TestCase(403, """{"detail":"Since v1.5, LANGFLOW_AUTO_LOGIN requires a valid API key."}""", "langflow_auth_failed", "langflow_auth_failed")]
    [TestCase(422, """{"detail":[{"type":"json_invalid","loc":["body"],"msg":"JSON decode error"}]}""", "flow_failed", null)]
    [TestCase(500, """{"detail":"{\"message\":\"Error running graph: Error building Component OpenAI: \\n\\nbad key\",\"traceback\":null}"}""", "flow_failed", null)]
    [TestCase(500, """{"message":"boom"}""", "flow_failed", null)]
    [TestCase(503, "html", "langflow_unavailable", null)]
    [TestCase(302, "html", "langflow_unavailable", null)]
    public async Task Run_Refused_SaysWhatHappened(int status, string body, string code, string? notice)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Override = async http =>
        {
            if (!http.Request.Path.StartsWithSegments("/api/v1/run", StringComparison.Ordinal))
            {
                return false;
            }

            if (body == "html")
            {
                http.Response.Headers.Location = "/login";
                await FakeLangflow.WritePageAsync(http, status);
                return true;
            }

            http.Response.StatusCode = status;
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(body);
            return true;
        };
        await using var driver = LangflowDriver.Create(fake);

        var (said, failure) = await driver.FailAsync();

        Assert.That(failure.Code, Is.EqualTo(code));
        Assert.That(failure.Message, Does.Not.Contain("traceback").And.Not.Contain("{"));
        Assert.That(said.OfType<Notice>().Select(one => one.Code), Is.EqualTo(notice is null ? Array.Empty<string>() : [notice]));
        Assert.That(fake.Count("POST /api/v1/run"), Is.EqualTo(1), "A run is never repeated.");
    }

    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task Run_UnknownFlow_IsNotFound(LangflowProfile profile)
    {
        await using var fake = await FakeLangflow.StartAsync(profile);
        await using var driver = LangflowDriver.Create(fake);

        var (_, failure) = await driver.FailAsync(LangflowDriver.Context("gone"));

        Assert.That(failure.Code, Is.EqualTo("flow_not_found"));
    }

    [TestCase("..")]
    [TestCase("../../api/v1/users")]
    [TestCase("a?stream=false&x")]
    [TestCase("")]
    public async Task Run_FlowThatIsAnotherAddress_IsRefusedHere(string flow)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        await using var driver = LangflowDriver.Create(fake);

        var (_, failure) = await driver.FailAsync(LangflowDriver.Context(flow));

        Assert.That((failure.Code, fake.Count("POST /api/v1/run")), Is.EqualTo(("flow_not_found", 0)));
    }

    [Test]
    public async Task Run_Cancelled_CutsTheStreamAndCannotKnowMore()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = async run =>
        {
            await run.SendAsync(run.Events.Token("m-1", "One"));
            await run.HangAsync();
        };
        await using var driver = LangflowDriver.Create(fake);
        using var cancel = new CancellationTokenSource();
        var said = new List<AgentOutput>();

        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (var output in driver.Runtime.RunAsync(LangflowDriver.Context(), cancel.Token))
            {
                said.Add(output);
                if (output is TextDelta)
                {
                    await cancel.CancelAsync();
                }
            }
        });

        Assert.That(said[^1], Is.EqualTo(new CancelReport("unconfirmed")));
        await (await fake.NextRunAsync()).Cancelled.OrTimeout();
    }

    [TestCase(1)]
    public async Task Run_LongSilence_IsNotAnEnd(int seconds)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = async run =>
        {
            await run.SendAsync(run.Events.Token("m-1", "Thinking"));
            await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, run.Token);
            await run.SendAsync(run.Events.Token("m-1", " done."), run.Events.End());
        };
        await using var driver = LangflowDriver.Create(fake, options: options => options with { Patience = TimeSpan.FromMilliseconds(500) });

        var outputs = await driver.RunAsync(token: CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(seconds + 30), TimeProvider.System);

        Assert.That(LangflowDriver.Text(outputs), Is.EqualTo("Thinking done."));
    }
}
