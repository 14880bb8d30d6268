using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.AgentRuns;

/// <summary>Runs whose node is gone, or only seems to be, as a node finds them.</summary>
[TestFixture]
internal sealed class AbandonedRunTests
{
    /// <summary>As many as one node may have had.</summary>
    private const int Many = 1000;

    private const string Abandon =
        """
        WITH given AS (
            SELECT gen_random_uuid() AS id
            FROM generate_series(1, $1)
        ),
        c AS (
            INSERT INTO conversations (id, owner_id, status, on_busy, last_seq, created_at, updated_at)
            SELECT id, id, 'pending', 'enqueue', 3, now(), now() FROM given
        ),
        m AS (
            INSERT INTO messages (id, conversation_id, seq, role, content, status, attempt, created_at, updated_at)
            SELECT id, id, 1, 'user', 'Hello', 'stored', 1, now(), now() FROM given
        )
        INSERT INTO runs (
            id, conversation_id, seq, trigger_message_id, runtime, status, attempt, lease_owner, lease_until, queued_at, started_at)
        SELECT id, id, 2, id, 'simulated', 'running', 5, id, now() - interval '1 second', now(), now() FROM given
        """;

    private const string Renew = "UPDATE runs SET lease_until = now() + interval '1 minute' WHERE status = 'running'";

    private const string Running = "SELECT count(*) FROM runs WHERE status = 'running'";

    private const string Took = "SELECT extract(epoch FROM max(finished_at) - min(finished_at))::float8 FROM runs";

    private const string LastLook =
        """
        SELECT coalesce(max(query_start), '-infinity')
        FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%lease_until < now()%'
        """;

    private string _database = null!;
    private NpgsqlDataSource _source = null!;

    [SetUp]
    public async Task BeginAsync()
    {
        _database = await TestPostgres.NewDatabaseAsync();
        _source = NpgsqlDataSource.Create(_database);
    }

    [TearDown]
    public async Task EndAsync() => await _source.DisposeAsync();

    /// <summary>Followers are to hear of it within ten seconds, most of which are the lease's. A hundred a second would take nine.</summary>
    [Test]
    public async Task Runs_OfANodeThatHadMany_AreAllEndedAtOnce()
    {
        await AbandonAsync(Many);
        await using var host = await ApiHost.StartAsync(connectionString: _database);

        for (var patience = Patience.Token; await ScalarAsync(Running) is not 0L;)
        {
            patience.ThrowIfCancellationRequested();
        }

        Assert.That(await ScalarAsync(Took), Is.LessThan(Many / 100 / 2));
    }

    /// <summary>The database may have been away until just now, and nobody could renew.</summary>
    [Test]
    public async Task Run_RenewedAfterTheFirstLookOfANewNode_GoesOn()
    {
        await AbandonAsync(1);
        await using var host = await ApiHost.StartAsync(connectionString: _database);

        var first = await LookAsync(after: DateTime.MinValue);
        await ScalarAsync(Renew);
        await LookAsync(after: first);

        Assert.That(await ScalarAsync(Running), Is.EqualTo(1));
    }

    /// <returns>When the next look was, by the database's clock.</returns>
    private async Task<DateTime> LookAsync(DateTime after)
    {
        for (var patience = Patience.Token; ;)
        {
            patience.ThrowIfCancellationRequested();
            if (await ScalarAsync(LastLook) is DateTime look && look > after)
            {
                return look;
            }
        }
    }

    private async Task AbandonAsync(int count)
    {
        await using var command = _source.CreateCommand(Abandon);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = count });
        await command.ExecuteNonQueryAsync(Patience.Token);
    }

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Patience.Token);
    }
}
