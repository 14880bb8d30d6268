using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Langflow;

/// <summary>What a run of the runtime ends in; what clients are shown of failures is walked through the service.</summary>
[TestFixture]
internal sealed class RunFailureTests
{
    [TestCase("nothing", "flow_failed")]
    [TestCase("tokens", "flow_failed")]
    [TestCase("mid-line", "flow_failed")]
    [TestCase("mid-data", "flow_failed")]
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

            if (how == "mid-data")
            {
                await run.SendRawAsync("data: " + run.Events.End(("m-1", "Some"))[..40]);
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

    [TestCase("..")]
    [TestCase("../../api/v1/users")]
    [TestCase("a?stream=false&x")]
    [TestCase("chat\n")]
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
}
