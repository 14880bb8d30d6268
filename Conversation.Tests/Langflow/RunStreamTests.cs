using System.Text;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Langflow;

/// <summary>What the adapter of <c>/run</c> makes of every kind of flow, version by version.</summary>
[TestFixture]
internal sealed class RunStreamTests
{
    private static readonly string[] Pieces = ["Hel", "lo ", "wörld ", "🙂!"];

    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task Run_Tokens_AreShownOnceAndInOrder(LangflowProfile profile)
    {
        await using var fake = await FakeLangflow.StartAsync(profile);
        fake.Flow = run => FakeFlows.PlainAsync(run, Pieces);
        await using var driver = LangflowDriver.Create(fake);

        var outputs = await driver.RunAsync();

        Assert.That(outputs.OfType<TextDelta>().Select(delta => delta.Text), Is.EqualTo(Pieces));
        Assert.That(outputs[0], Is.EqualTo(new Notice("info", "langflow_authenticated")));
        Assert.That(outputs[^1], Is.InstanceOf<AnswerEnd>().With.Property(nameof(AnswerEnd.Text)).EqualTo("Hello wörld 🙂!"));
        Assert.That(
            ((AnswerEnd)outputs[^1]).Usage,
            Is.EqualTo(profile.Repeats > 0 ? """{"input_tokens":7,"output_tokens":3,"total_tokens":10}""" : null));
    }

    [Test]
    public async Task Run_Asks_WithTheFieldsThatLangflowReads()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        await using var driver = LangflowDriver.Create(fake);
        var context = LangflowDriver.Context(input: "What is \"new\"?");

        await driver.RunAsync(context);

        var run = await fake.NextRunAsync();
        Assert.Multiple(() =>
        {
            Assert.That((run.Input, run.SessionId, run.Query), Is.EqualTo(("What is \"new\"?", context.SessionId, "?stream=true")));
            Assert.That(run.Body.EnumerateObject().Select(member => member.Name), Is.EquivalentTo(new[] { "input_value", "input_type", "output_type", "session_id" }));
            Assert.That(run.Headers["x-api-key"], Is.EqualTo("sk-minted-1"));
            Assert.That(run.Headers.ContainsKey("Authorization"), Is.False, "One credential, not both.");
        });
    }

    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task Run_WithoutTokens_ShowsTheWholeTextOnce(LangflowProfile profile)
    {
        await using var fake = await FakeLangflow.StartAsync(profile);
        fake.Flow = run => FakeFlows.WholeAsync(run, "All at once.");
        await using var driver = LangflowDriver.Create(fake);

        Assert.That(LangflowDriver.Text(await driver.RunAsync()), Is.EqualTo("All at once."));
    }

    [Test]
    public async Task Run_OnlyAnEnd_ShowsItsText()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = run => run.SendAsync(run.Events.End(("m-1", "Only the end.")));
        await using var driver = LangflowDriver.Create(fake);

        Assert.That(LangflowDriver.Text(await driver.RunAsync()), Is.EqualTo("Only the end."));
    }

    [Test]
    public async Task Run_PlainReplyInsteadOfAStream_ShowsItsText()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot4);
        fake.Flow = run => run.SendRawAsync(System.Text.Json.JsonSerializer.Serialize(run.Events.Result("", ("m-1", "Before 1.1.2."))));
        await using var driver = LangflowDriver.Create(fake);

        Assert.That(LangflowDriver.Text(await driver.RunAsync()), Is.EqualTo("Before 1.1.2."));
    }

    [TestCaseSource(typeof(LangflowProfile), nameof(LangflowProfile.All))]
    public async Task Run_Agent_TellsItsToolsAndItsText(LangflowProfile profile)
    {
        await using var fake = await FakeLangflow.StartAsync(profile);
        fake.Flow = run => FakeFlows.AgentAsync(run, "It ", "will ", "rain.");
        await using var driver = LangflowDriver.Create(fake);

        var outputs = await driver.RunAsync();

        Assert.That(outputs.OfType<TextDelta>().Select(delta => delta.Text), Is.EqualTo(new[] { "It ", "will ", "rain." }));
        Assert.That(outputs.Where(output => output is ToolStarted or ToolCompleted), Is.EqualTo(new AgentOutput[]
        {
            new ToolStarted("a-1:0", "search", """{"query":"rain"}"""),
            new ToolCompleted("a-1:0", "search", """{"hits":3}"""),
            new ToolStarted("a-1:1", "fetch", """{"url":"x"}"""),
            new ToolCompleted("a-1:1", "fetch", null, "The flow failed and did not say why."),
        }));
    }

    [Test]
    public async Task Run_TwoOutputs_ShowsTheFirstThatSpeaksAndAppendsTheOther()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = FakeFlows.TwoOutputsAsync;
        await using var driver = LangflowDriver.Create(fake);

        var outputs = await driver.RunAsync();

        Assert.That(outputs.OfType<TextDelta>().Select(delta => delta.Text), Is.EqualTo(new[] { "Se", "cond.", "\n\nFirst." }));
        Assert.That(((AnswerEnd)outputs[^1]).Text, Is.EqualTo("Second.\n\nFirst."));
    }

    [Test]
    public async Task Run_EndDiffersFromTheTokens_TellsTheWholeTextAtTheEnd()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = run => run.SendAsync(
            run.Events.Message("m-1", "", partial: true), run.Events.Token("m-1", "The draft"), run.Events.End(("m-1", "The answer\n\nwith `code`")));
        await using var driver = LangflowDriver.Create(fake);

        var outputs = await driver.RunAsync();

        Assert.That(LangflowDriver.Text(outputs), Is.EqualTo("The draft"));
        Assert.That(((AnswerEnd)outputs[^1]).Text, Is.EqualTo("The answer\n\nwith `code`"));
    }

    [Test]
    public async Task Run_FirstPieceNotRepeated_IsKept()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = run => run.SendAsync(run.Events.Message("m-1", "Hel", partial: true), run.Events.Token("m-1", "lo"), run.Events.End());
        await using var driver = LangflowDriver.Create(fake);

        Assert.That(LangflowDriver.Text(await driver.RunAsync()), Is.EqualTo("Hello"));
    }

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(100_000)]
    public async Task Run_AnyPiecesOnTheWire_GiveTheSame(int size)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = async run =>
        {
            var bytes = Encoding.UTF8.GetBytes("\n\n" + string.Concat(FakeFlows.LinesOf(run, 0, Pieces).Select(line => $"{line}\r\n\n\n\n")));
            foreach (var piece in bytes.Chunk(size))
            {
                await run.SendRawAsync(piece);
            }
        };
        await using var driver = LangflowDriver.Create(fake);

        Assert.That((await driver.RunAsync()).OfType<TextDelta>().Select(delta => delta.Text), Is.EqualTo(Pieces));
    }

    [Test]
    public async Task Run_LongEnd_IsRead()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = run => FakeFlows.PlainAsync(run, 5 * 1024 * 1024, Pieces);
        await using var driver = LangflowDriver.Create(fake);

        Assert.That((await driver.RunAsync())[^1], Is.InstanceOf<AnswerEnd>().With.Property("Text").EqualTo("Hello wörld 🙂!"));
    }

    [Test]
    public async Task Run_LineBeyondTheBound_IsLeftOutAndTheRestIsRead()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = async run =>
        {
            await run.SendAsync(run.Events.Message("m-1", new string('y', 200_000)), run.Events.Token("m-2", "Short."));
            await run.SendAsync(run.Events.End(new string('x', 200_000), ("m-2", "Short.")));
        };
        await using var driver = LangflowDriver.Create(fake, options: options => options with { LongestLine = 64 * 1024 });

        Assert.That(LangflowDriver.Text(await driver.RunAsync()), Is.EqualTo("Short."), "An end that is too long is an end.");
    }

    /// <summary>As gateways frame them that do not trouble with the blank line behind the last, or with its line break.</summary>
    [TestCase("\n")]
    [TestCase("")]
    public async Task Run_LastEventWithoutABlankLine_IsRead(string end)
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = run => run.SendRawAsync($"data: {run.Events.Token("m-1", "Hello")}\n\ndata: {run.Events.End(("m-1", "Hello"))}{end}");
        await using var driver = LangflowDriver.Create(fake);

        Assert.That((await driver.RunAsync())[^1], Is.InstanceOf<AnswerEnd>().With.Property("Text").EqualTo("Hello"));
    }

    [Test]
    public async Task Run_StrangeLines_AreLeftOut()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = run => run.SendAsync(
            ": comment", "not json", "[1]", "{}", "{\"event\": 5}", "{\"event\":\"token\"}", "{\"event\":\"vertices_sorted\",\"data\":{}}", "{\"event\":\"token\",\"data\":[]}",
            "data: " + run.Events.Token("m-1", "Fine \ud83d"), "{\"event\":\"token\",\"data\":{\"id\":\"m-1\",\"chunk\":\"\\ud83d\"}}", run.Events.End());
        await using var driver = LangflowDriver.Create(fake);

        Assert.That(LangflowDriver.Text(await driver.RunAsync()), Does.StartWith("Fine ").And.EndsWith("\ud83d"));
    }

    /// <summary>A loop builds its components for minutes before one of them speaks: it is not silent.</summary>
    [Test]
    public async Task Run_ThatBuildsAndSaysNothing_IsStillWorking()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = run => run.SendAsync([.. Enumerable.Repeat(FakeEvents.Event("build_start", new { id = "Loop-1" }), 5), run.Events.End("Done.")]);
        await using var driver = LangflowDriver.Create(fake);

        var said = await driver.RunAsync();

        Assert.That(said.OfType<StillWorking>().Count(), Is.EqualTo(5));
    }

    [Test]
    public async Task Run_StaysOpenAfterItsEnd_IsCut()
    {
        await using var fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        fake.Flow = async run =>
        {
            await FakeFlows.PlainAsync(run, Pieces);
            await run.HangAsync();
        };
        await using var driver = LangflowDriver.Create(fake);

        await driver.RunAsync();

        await (await fake.NextRunAsync()).Cancelled.OrTimeout();
    }
}
