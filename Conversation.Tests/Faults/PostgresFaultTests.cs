using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Faults;

/// <summary>Rows of the fault matrix: the database dies, stops, is full, or turns everybody away. It costs no answer.</summary>
[TestFixture]
[Category("Faults")]
internal sealed class PostgresFaultTests
{
    private static readonly TimeSpan Fault = TimeSpan.FromSeconds(5);

    [TestCase(0, TestName = "Postgres_Killed_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Postgres_Killed_InFull", Category = "Full")]
    public Task Postgres_Killed_EveryoneIsExact(int chunks) => PlayAsync(
        new FaultPlan("PostgreSQL kill -9", Chunks: chunks), postgres => postgres.KillAndStartAsync);

    [TestCase(0, TestName = "Postgres_RestartedFast_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Postgres_RestartedFast_InFull", Category = "Full")]
    public Task Postgres_RestartedFast_EveryoneIsExact(int chunks) => PlayAsync(
        new FaultPlan("PostgreSQL restarted", Chunks: chunks), postgres => postgres.RestartAsync);

    [TestCase(0, TestName = "Postgres_Paused_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Postgres_Paused_InFull", Category = "Full")]
    public Task Postgres_Paused_EveryoneIsExact(int chunks) => PlayAsync(
        new FaultPlan("PostgreSQL paused for 5 s", Chunks: chunks), postgres => () => postgres.PauseAsync(Fault));

    [TestCase(0, TestName = "Postgres_EveryoneTerminated_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Postgres_EveryoneTerminated_InFull", Category = "Full")]
    public Task Postgres_EveryoneTerminated_EveryoneIsExact(int chunks) => PlayAsync(
        new FaultPlan("pg_terminate_backend of everything, ten times in 5 s", Chunks: chunks), postgres => async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                await TerminateAllAsync(postgres.ConnectionString);
                await NodeFaultTests.LastsAsync(Fault / 10);
            }
        });

    [TestCase(0, TestName = "Postgres_ConnectionLimit_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Postgres_ConnectionLimit_InFull", Category = "Full")]
    public Task Postgres_ConnectionLimitReached_EveryoneIsExact(int chunks) => PlayAsync(
        new FaultPlan("connection limit reached for 5 s, the service's own connections taken", Chunks: chunks), postgres => async () =>
        {
            var taken = new List<NpgsqlConnection>();
            try
            {
                await TakeAllAsync(postgres.ConnectionString, taken);
                Assert.That(await TerminateOthersAsync(taken[0]), Is.Positive, "The service had no connection: the test proves nothing.");
                // Whoever is faster gets a slot that is free: again and again, until they are all taken.
                for (var i = 0; i < 50; i++)
                {
                    await TakeAllAsync(postgres.ConnectionString, taken);
                    await TerminateOthersAsync(taken[0]);
                    await NodeFaultTests.LastsAsync(Fault / 50);
                }
            }
            finally
            {
                await Task.WhenAll(taken.Select(connection => connection.DisposeAsync().AsTask()));
            }
        });

    [TestCase(0, TestName = "Postgres_DiskFull_InShort")]
    [TestCase(FaultPlan.Full, TestName = "Postgres_DiskFull_InFull", Category = "Full")]
    public async Task Postgres_DiskFull_EveryoneIsExact(int chunks)
    {
        await using var disk = await SmallDisk.MountAsync();
        await PlayAsync(
            new FaultPlan("disk full for 5 s", Chunks: chunks),
            postgres => async () =>
            {
                disk.Fill();
                await NodeFaultTests.LastsAsync(Fault);
                disk.Free();
                await postgres.EnsureRunningAsync();
            },
            Path.Combine(disk.Folder, "server"));
    }

    private static async Task PlayAsync(FaultPlan plan, Func<PrivatePostgres, Func<Task>> fault, string? folder = null)
    {
        await using var postgres = await PrivatePostgres.StartAsync(folder);
        await using var scene = await FaultScene.StartAsync(plan, await TwoNodes.StartAsync(connectionString: postgres.ConnectionString));
        await NodeFaultTests.PassAsync(scene.PlayAsync(fault(postgres)));
    }

    private static async Task TerminateAllAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection($"{connectionString};Pooling=false");
        await connection.OpenAsync();
        // Whoever was terminated the last time may not have come back yet.
        for (var patience = Patience.Token; await TerminateOthersAsync(connection) == 0;)
        {
            Assert.That(patience.IsCancellationRequested, Is.False, "There was nobody to terminate: the test proves nothing.");
        }
    }

    private static async Task<long> TerminateOthersAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT count(pg_terminate_backend(pid))
            FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> 'taken'
            """,
            connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Opens connections until the server has no more.</summary>
    private static async Task TakeAllAsync(string connectionString, List<NpgsqlConnection> taken)
    {
        while (true)
        {
            var connection = new NpgsqlConnection($"{connectionString};Pooling=false;Application Name=taken");
            try
            {
                await connection.OpenAsync();
                taken.Add(connection);
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.TooManyConnections)
            {
                await connection.DisposeAsync();
                return;
            }
        }
    }
}
