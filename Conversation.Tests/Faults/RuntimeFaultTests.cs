using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Faults;

/// <summary>Rows of the fault matrix: the runtime breaks off in the middle of its answers.</summary>
[TestFixture]
[Category("Faults")]
internal sealed class RuntimeFaultTests
{
    [TestCase(0, TestName = "Runtime_Resets_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Runtime_Resets_InFull", Category = "Full")]
    public async Task Runtime_ResetsInMidAnswer_EveryoneIsExact(int chunks)
    {
        var plan = new FaultPlan("a runtime that resets in mid-answer", Ending.Broken, chunks) { Script = "&fails_after=120", BreaksAfter = 120 };
        await using var scene = await FaultScene.StartAsync(plan, await TwoNodes.StartAsync());
        await NodeFaultTests.PassAsync(scene.PlayAsync());
    }

    /// <summary>It falls silent and does not stop when it is asked to.</summary>
    [TestCase(0, TestName = "Runtime_NeverEnds_InShort")]
    [TestCase(FaultPlan.Full / 10, TestName = "Runtime_NeverEnds_InFull", Category = "Full")]
    public async Task Runtime_NeverEnds_EveryoneIsExact(int chunks)
    {
        var plan = new FaultPlan("a runtime that falls silent and never ends", Ending.Broken, chunks)
        {
            Script = "&hangs_after=120",
            BreaksAfter = 120,
            Conversations = chunks > 0 ? 24 : 4,
        };
        await using var scene = await FaultScene.StartAsync(
            plan, await TwoNodes.StartAsync(new() { ["CONVERSATION_SERVICE_RUN_IDLE_SECONDS"] = "2" }));
        await NodeFaultTests.PassAsync(scene.PlayAsync());
    }

    /// <summary>It goes on talking beyond its time.</summary>
    [TestCase(0, TestName = "Runtime_TalksOn_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Runtime_TalksOn_InFull", Category = "Full")]
    public async Task Runtime_TalksWithoutEnd_EveryoneIsExact(int chunks)
    {
        // Its text is cut at the longest answer that is allowed.
        var plan = new FaultPlan("a runtime that talks without end", Chunks: chunks) { Words = 90_000, BreaksAfter = 100 };
        await using var scene = await FaultScene.StartAsync(
            plan, await TwoNodes.StartAsync(new() { ["CONVERSATION_SERVICE_MAX_ANSWER_CHARS"] = "1000" }));
        await NodeFaultTests.PassAsync(scene.PlayAsync());
    }
}
