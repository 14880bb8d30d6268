using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace Conversation.Tests.Langflow;

/// <summary>Python writes NaN and the infinities bare, which JSON does not know: what they stand in is read all the same.</summary>
[TestFixture]
internal sealed class BareNumbersTests
{
    [TestCase("NaN")]
    [TestCase("Infinity")]
    [TestCase("-Infinity")]
    public async Task Run_BareNumbers_CostNeitherTheStepNorTheEnd(string bare)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = run => run.SendAsync(
            run.Events.Token("m-1", "Two "),
            run.Events.Token("m-1", "tokens"),
            With(bare, run.Events.Message("m-1", "", partial: true, tools: [FakeEvents.Tool("mean", new { of = "NaN \"Infinity" }, new { mean = "BARE" })])),
            With(bare, run.Events.End("BARE", ("m-1", "Two tokens, and NaN."))));
        await using var driver = LangflowDriver.Create(fake);

        var said = await driver.RunAsync();

        Assert.That(((AnswerEnd)said[^1]).Text, Is.EqualTo("Two tokens, and NaN."));
        Assert.That(LangflowDriver.Text(said), Is.EqualTo("Two tokens, and NaN."));
        Assert.That(said.Where(output => output is ToolStarted or ToolCompleted), Is.EqualTo(new AgentOutput[]
        {
            new ToolStarted("m-1:0", "mean", """{"of":"NaN \"Infinity"}"""), new ToolCompleted("m-1:0", "mean", """{"mean":null}"""),
        }));
    }

    /// <summary>That the flow has ended is sure, whatever cannot be read of it.</summary>
    [TestCase("nan")]
    [TestCase("[")]
    public async Task Run_EndThatCannotBeRead_IsAnEnd(string nonsense)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = run => run.SendAsync(
            run.Events.Token("m-1", "All "), run.Events.Token("m-1", "of it"), With(nonsense, run.Events.End("BARE", ("m-1", "All of it"))));
        await using var driver = LangflowDriver.Create(fake);

        Assert.That((await driver.RunAsync())[^1], Is.InstanceOf<AnswerEnd>().With.Property(nameof(AnswerEnd.Text)).EqualTo("All of it"));
    }

    /// <summary>What is asked of a job in one document; also where its type names a character set that does not exist.</summary>
    [Test]
    public async Task Job_BareNumberInItsStatus_IsRead()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot11);
        await using var driver = LangflowDriver.Create(fake, settings => settings with { LangflowApi = "workflows" });
        fake.Override = async http =>
        {
            if (http.Request.Method != "GET" || http.Request.Path != "/api/v2/workflows")
            {
                return false;
            }

            http.Response.ContentType = "application/json; charset=utf8";
            await http.Response.WriteAsync("""{"status":"completed","errors":[],"output":{"text":"Mean: 3","mean":NaN}}""");
            return true;
        };
        var running = driver.RunAsync();
        var job = await fake.NextJobAsync();
        await job.HeardAsync();
        job.Emit(FakeEvents.Event("end", new { build_duration = 0.1 }));

        Assert.That(((AnswerEnd)(await running.OrTimeout())[^1]).Text, Is.EqualTo("Mean: 3"));
    }

    private static string With(string bare, string line) => line.Replace("\"BARE\"", bare, StringComparison.Ordinal);
}
