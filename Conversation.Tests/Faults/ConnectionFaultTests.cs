using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Faults;

/// <summary>Rows of the fault matrix: what lies between the parts breaks, and what runs beside them gets in their way.</summary>
[TestFixture]
[Category("Faults")]
internal sealed class ConnectionFaultTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [TestCase(0, TestName = "Notify_Lost_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Notify_Lost_InFull", Category = "Full")]
    public async Task Notify_Lost_EveryoneIsExact(int chunks)
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await using var deaf = PostgresProxy.Start(database, isDeaf: true);
        var nodes = await TwoNodes.StartAsync(connectionString: $"{deaf.Through(database)};SSL Mode=Disable;GSS Encryption Mode=Disable");
        var plan = new FaultPlan("every NOTIFY lost", Chunks: chunks) { FollowersAt = 1 };
        await using var scene = await FaultScene.StartAsync(plan, nodes, database);
        await NodeFaultTests.PassAsync(scene.PlayAsync());
        Assert.That(deaf.Dropped, Is.GreaterThan(0), "No notification was lost: the test proves nothing.");
    }

    [TestCase(3, 0, TestName = "Connections_Cut_InShort")]
    [TestCase(20, FaultPlan.Full, TestName = "Connections_Cut_InFull", Category = "Full")]
    public async Task Connections_OneInAHundredCutEverySecond_EveryoneIsExact(int seconds, int chunks)
    {
        var nodes = await TwoNodes.StartAsync();
        await using var one = StallingProxy.Start(nodes.Nodes[0].Address);
        await using var two = StallingProxy.Start(nodes.Nodes[1].Address);
        StallingProxy[] ways = [one, two];
        var plan = new FaultPlan("1 % of followers' connections cut every second", Chunks: chunks);
        await using var scene = await FaultScene.StartAsync(plan, nodes, way: node => ways[node].Address);
        var random = new Random(1);
        var cut = 0;
        await NodeFaultTests.PassAsync(scene.PlayAsync(async () =>
        {
            for (var i = 0; i < seconds; i++)
            {
                cut += ways.Sum(way => way.Cut(0.01, random));
                await NodeFaultTests.LastsAsync(Second);
            }
        }));
        Assert.That(cut, Is.GreaterThanOrEqualTo(seconds), "Nothing was cut: the test proves nothing.");
    }

    /// <summary>They stall for longer than what is on the way has room for, and have to find one longer range afterwards.</summary>
    [TestCase(0, TestName = "Followers_Stalled_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Followers_Stalled_InFull", Category = "Full")]
    public async Task Followers_Stalled_EveryoneIsExact(int chunks)
    {
        var nodes = await TwoNodes.StartAsync();
        await using var gate = StallingProxy.Start(nodes.Nodes[1].Address);
        var plan = new FaultPlan("a tenth of the followers stalled for 5 s", Chunks: chunks) { Conversations = 10, Words = 8000, WordsPerPiece = 40 };
        // Every ninth follower goes through the gate, by another door each, so that nobody's conversation waits for a reader.
        var asked = 0;
        var merged = 0.0;
        await using var scene = await FaultScene.StartAsync(plan, nodes, way: node => asked++ / 2 % 9 == 0 ? gate.Address : nodes.Nodes[node].Address);
        await NodeFaultTests.PassAsync(scene.PlayAsync(async () =>
        {
            gate.Stall();
            await NodeFaultTests.LastsAsync(5 * Second);
            merged = await MergedAsync();
            gate.Resume();
        }));
        Assert.That(await MergedAsync(), Is.GreaterThan(merged), "Nobody had fallen behind: the test proves nothing.");

        async Task<double> MergedAsync() =>
            (await PrometheusText.ScrapeAsync(nodes.Nodes[1].Address)).Sum("conversation_ranges_merged_total");
    }

    [TestCase(3, 0, TestName = "Migrations_DuringTraffic_InShort")]
    [TestCase(10, FaultPlan.Full, TestName = "Migrations_DuringTraffic_InFull", Category = "Full")]
    public async Task Migrations_DuringTraffic_EveryoneIsExact(int times, int chunks)
    {
        var nodes = await TwoNodes.StartAsync();
        var plan = new FaultPlan("migrations run during traffic", Chunks: chunks);
        await using var scene = await FaultScene.StartAsync(plan, nodes);
        var round = 0;
        await NodeFaultTests.PassAsync(scene.PlayAsync(async () =>
        {
            for (var i = 0; i < times; i++)
            {
                await MigrateAsync(scene.ConnectionString, $"later_{round++}");
            }
        }));
    }

    /// <summary>The command, which has nothing to do, and then what the next version's migration may do: it adds.</summary>
    private static async Task MigrateAsync(string connectionString, string column)
    {
        await new Migrations.Runner.SchemaMigrator(connectionString, _ => { }).UpgradeAsync(CancellationToken.None);
        await using var source = NpgsqlDataSource.Create(connectionString);
        foreach (var table in (string[])["conversations", "messages", "runs", "conversation_events", "message_chunks"])
        {
            await using var add = source.CreateCommand(
                $"ALTER TABLE {table} ADD COLUMN {column} text; CREATE INDEX ON {table} ({column}) WHERE {column} IS NOT NULL;");
            await add.ExecuteNonQueryAsync();
        }
    }
}
