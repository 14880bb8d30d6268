using Conversation.Data.Checkpoints;
using Conversation.Data.Postgres;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Log;

/// <summary>A piece of text is kept only by the run's own producer, and a takeover that is on its way decides before it.</summary>
[TestFixture]
internal sealed class CheckpointFenceTests
{
    private const string Streaming =
        """
        WITH c AS (
            INSERT INTO conversations (id, owner_id, status, on_busy, last_seq, created_at, updated_at)
            VALUES ($1, $1, 'pending', 'enqueue', 4, now(), now())
        ),
        m AS (
            INSERT INTO messages (id, conversation_id, seq, role, content, status, run_id, attempt, created_at, updated_at)
            VALUES ($1, $1, 4, 'assistant', '', 'streaming', $1, 1, now(), now())
        )
        INSERT INTO runs (id, conversation_id, seq, trigger_message_id, assistant_message_id, runtime, status, attempt, queued_at)
        VALUES ($1, $1, 2, $1, $1, 'simulated', 'running', 1, now())
        """;

    private const string TakeOver = "UPDATE runs SET attempt = attempt + 1 WHERE id = $1";

    private const string Kept = "SELECT count(*) FROM message_chunks WHERE message_id = $1";

    private const string Waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND $1 IS NOT NULL";

    private readonly Guid _id = Guid.CreateVersion7();
    private NpgsqlDataSource _source = null!;
    private CheckpointStore _store = null!;

    [SetUp]
    public async Task BeginAsync()
    {
        _source = NpgsqlDataSource.Create(await TestPostgres.NewDatabaseAsync());
        _store = new CheckpointStore(new DbSession(_source));
        await using var connection = await _source.OpenConnectionAsync(Patience.Token);
        await ScalarAsync(connection, Streaming);
    }

    [TearDown]
    public async Task EndAsync() => await _source.DisposeAsync();

    [TestCase(0, 0)]
    [TestCase(1, 1)]
    [TestCase(2, 0)]
    public async Task Append_OfAnAttempt_IsKeptWhereItIsTheRunsOwn(int attempt, int kept)
    {
        await _store.AppendAsServiceAsync([Piece(attempt)], Patience.Token);

        await using var connection = await _source.OpenConnectionAsync(Patience.Token);
        Assert.That(await ScalarAsync(connection, Kept), Is.EqualTo(kept));
    }

    [Test]
    public async Task Append_BesideATakeoverOnItsWay_WaitsAndIsRefused()
    {
        await using var connection = await _source.OpenConnectionAsync(Patience.Token);
        // Within a transaction the activity that was seen first is seen for ever.
        await using var watching = await _source.OpenConnectionAsync(Patience.Token);
        Task append;
        await using (var taking = await connection.BeginTransactionAsync(Patience.Token))
        {
            await ScalarAsync(connection, TakeOver);
            append = _store.AppendAsServiceAsync([Piece(attempt: 1)], Patience.Token);
            while (await ScalarAsync(watching, Waiting) is 0L)
            {
                Assert.That(append.IsCompleted, Is.False, "It does not wait for the takeover.");
            }

            await taking.CommitAsync(Patience.Token);
        }

        await append;
        Assert.That(await ScalarAsync(connection, Kept), Is.Zero);
    }

    private Checkpoint Piece(int attempt) => new(_id, attempt, _id, MessageAttempt: 1, FromOffset: 0, "text", ResumeToken: null, ResumeOffset: 0);

    private async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = _id } } };
        return await command.ExecuteScalarAsync(Patience.Token);
    }
}
