using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Faults;

/// <summary>Rows of the fault matrix: nodes die, stop, freeze, or are cut off from their database.</summary>
[TestFixture]
[Category("Faults")]
internal sealed class NodeFaultTests
{
    private static readonly TimeSpan Told = TimeSpan.FromSeconds(10);

    /// <summary>Longer than a lease.</summary>
    private static readonly TimeSpan Frozen = TimeSpan.FromSeconds(8);

    [TestCase(0, TestName = "Node_ProducerKilled_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Node_ProducerKilled_InFull", Category = "Full")]
    public async Task Node_ProducerKilled_EveryoneIsExact(int chunks)
    {
        var plan = new FaultPlan("kill -9 of a producer", Ending.PlainMayBreak, chunks) { Told = Told };
        await using var scene = await FaultScene.StartAsync(plan, await TwoNodes.StartAsync());
        await PassAsync(scene.PlayAsync(() => KillAndReviveAsync(scene, 0)));
    }

    [TestCase(0, TestName = "Node_ProducerStopped_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Node_ProducerStopped_InFull", Category = "Full")]
    public async Task Node_ProducerStopped_EveryoneIsExact(int chunks)
    {
        // Answers take less than the drain time: nothing may be interrupted.
        var plan = new FaultPlan("SIGTERM of a producer", Chunks: chunks);
        await using var scene = await FaultScene.StartAsync(plan, await TwoNodes.StartAsync());
        await PassAsync(scene.PlayAsync(async () =>
        {
            await scene.WorksAsync(0);
            await scene.Nodes.Nodes[0].StopAsync();
            await scene.Nodes.ReviveAsync(0);
        }));
    }

    [TestCase(0, TestName = "Node_FollowersStopped_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Node_FollowersStopped_InFull", Category = "Full")]
    public async Task Node_FollowersStopped_EveryoneIsExact(int chunks)
    {
        var plan = new FaultPlan("SIGTERM of the followers' node", Chunks: chunks) { FollowersAt = 1 };
        await using var scene = await FaultScene.StartAsync(plan, await TwoNodes.StartAsync());
        await PassAsync(scene.PlayAsync(async () =>
        {
            await scene.WorksAsync(1);
            await scene.Nodes.Nodes[1].StopAsync();
            await scene.Nodes.ReviveAsync(1);
        }));
    }

    [TestCase(0, TestName = "Node_AllStopped_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Node_AllStopped_InFull", Category = "Full")]
    public async Task Node_AllStopped_EveryoneIsExact(int chunks)
    {
        var plan = new FaultPlan("SIGTERM of all nodes at once", Chunks: chunks);
        await using var scene = await FaultScene.StartAsync(plan, await TwoNodes.StartAsync());
        await PassAsync(scene.PlayAsync(async () =>
        {
            await scene.WorksAsync(0);
            await Task.WhenAll(scene.Nodes.Nodes.Select(node => node.StopAsync()));
            await Task.WhenAll(scene.Nodes.ReviveAsync(0), scene.Nodes.ReviveAsync(1));
        }));
    }

    [TestCase(0, TestName = "Node_FollowersKilled_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Node_FollowersKilled_InFull", Category = "Full")]
    public async Task Node_FollowersKilled_EveryoneIsExact(int chunks)
    {
        var plan = new FaultPlan("kill -9 of the followers' node", Ending.PlainMayBreak, chunks) { Told = Told, FollowersAt = 1 };
        await using var scene = await FaultScene.StartAsync(plan, await TwoNodes.StartAsync());
        await PassAsync(scene.PlayAsync(() => KillAndReviveAsync(scene, 1)));
    }

    [TestCase(0, TestName = "Node_AllKilled_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Node_AllKilled_InFull", Category = "Full")]
    public async Task Node_AllKilled_EveryoneIsExact(int chunks)
    {
        var plan = new FaultPlan("kill -9 of all nodes at once", Ending.PlainMayBreak, chunks) { Told = Told, NobodyLives = true };
        await using var scene = await FaultScene.StartAsync(plan, await TwoNodes.StartAsync());
        await PassAsync(scene.PlayAsync(async () =>
        {
            await scene.WorksAsync(0);
            scene.Begins();
            await Task.WhenAll(scene.Nodes.Nodes.Select(node => node.KillAsync()));
            await Task.WhenAll(scene.Nodes.ReviveAsync(0), scene.Nodes.ReviveAsync(1));
        }));
    }

    [TestCase(0, TestName = "Node_Frozen_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Node_Frozen_InFull", Category = "Full")]
    public async Task Node_FrozenBeyondItsLease_EveryoneIsExact(int chunks)
    {
        var plan = new FaultPlan("a producer frozen for 8 s (zombie)", Ending.PlainMayBreak, chunks) { Told = Told, FollowersAt = 1 };
        await using var scene = await FaultScene.StartAsync(plan, await TwoNodes.StartAsync());
        await PassAsync(scene.PlayAsync(async () =>
        {
            await scene.WorksAsync(0);
            scene.Begins();
            await scene.Nodes.Nodes[0].SignalAsync("STOP");
            await LastsAsync(Frozen);
            await scene.Nodes.Nodes[0].SignalAsync("CONT");
        }));
    }

    /// <summary>What the node had sent arrives after others took its runs over: the fences alone can refuse it.</summary>
    [TestCase(0, TestName = "Node_CutOff_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Node_CutOff_InFull", Category = "Full")]
    public Task Node_CutOffFromItsDatabase_EveryoneIsExact(int chunks) => CutOffAsync(
        new FaultPlan("a producer cut off from PostgreSQL in mid-answer for 8 s, then its writes arrive", Ending.PlainMayBreak, chunks) { Words = 400 },
        scene => scene.WorksAsync(0));

    /// <summary>
    /// The first writes of answers are on their way when the node is cut off, and arrive when others give the same answers. Nothing else
    /// is written then: it would be on its way in their place.
    /// </summary>
    [TestCase(0, TestName = "Node_CutOffAtTheFirstWord_InShort")]
    [TestCase(FaultPlan.Full / 40, TestName = "Node_CutOffAtTheFirstWord_InFull", Category = "Full")]
    public Task Node_CutOffAtTheFirstWord_EveryoneIsExact(int chunks) => CutOffAsync(
        new FaultPlan("a producer cut off before its first word for 8 s, then its writes arrive", Ending.PlainMayBreak, chunks)
        {
            Words = 4,
            PaceMs = 2500,
            Conversations = chunks > 0 ? 24 : 8,
        },
        async scene =>
        {
            await scene.AskAllAsync(0);
            await scene.ThinkAllAsync();
        });

    private static async Task CutOffAsync(FaultPlan plan, Func<FaultScene, Task> before)
    {
        var database = await TestPostgres.NewDatabaseAsync();
        var server = new Npgsql.NpgsqlConnectionStringBuilder(database);
        await using var wire = StallingProxy.Start(new Uri($"tcp://{server.Host}:{server.Port}"), isBothWays: true);
        server.Port = wire.Address.Port;
        await using var scene = await FaultScene.StartAsync(
            plan with { Told = Told, FollowersAt = 1 },
            await TwoNodes.StartAsync(connectionString: database, first: new() { ["CONVERSATION_SERVICE_DATABASE_URL"] = server.ConnectionString }));
        await PassAsync(scene.PlayAsync(async () =>
        {
            await before(scene);
            scene.Begins();
            wire.Stall();
            await LastsAsync(Frozen);
            wire.Resume();
            scene.Release();
        }));
    }

    [TestCase(0, TestName = "Node_ClockSteps_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Node_ClockSteps_InFull", Category = "Full")]
    public async Task Node_ClockSteps_EveryoneIsExact(int chunks)
    {
        var clock = new SteppingClock();
        var plan = new FaultPlan("clock steps of 45 min and back on one node", Chunks: chunks);
        await using var scene = await FaultScene.StartAsync(plan, await TwoNodes.StartAsync(first: clock.Environment));
        await PassAsync(scene.PlayAsync(async () =>
        {
            foreach (var step in (TimeSpan[])[TimeSpan.FromMinutes(45), TimeSpan.FromMinutes(-45), TimeSpan.Zero])
            {
                clock.Step(step);
                await clock.SeenAsync(scene.Nodes.Nodes[0].Address);
                await LastsAsync(TimeSpan.FromSeconds(1));
            }
        }));
    }

    public static async Task PassAsync(Task<FaultRow> playing)
    {
        var row = await playing;
        await TestContext.Out.WriteLineAsync($"{row.Row}: {row.Chunks} chunks, {row.Acknowledged} acknowledged, {row.Refused} refused, "
            + $"{row.Completed} whole, {row.Interrupted} interrupted, {row.Hit} hit, told after {row.ToldAfter:F1} s, {row.Seconds:F0} s in all.");
        Assert.That(row.Wrong, Is.Empty);
    }

    /// <summary>The fault itself, not a wait for something to happen.</summary>
    public static Task LastsAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System, CancellationToken.None);

    private static async Task KillAndReviveAsync(FaultScene scene, int node)
    {
        await scene.WorksAsync(node);
        scene.Begins();
        await scene.Nodes.Nodes[node].KillAsync();
        // Dead for longer than a lease: the living node takes over.
        await LastsAsync(Frozen);
        await scene.Nodes.ReviveAsync(node);
    }
}
