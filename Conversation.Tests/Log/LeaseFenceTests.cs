using Conversation.Data.Postgres;
using Conversation.Data.Runs;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Log;

/// <summary>A lease is renewed for the attempt that holds it: an earlier one of the same node holds nothing.</summary>
[TestFixture]
internal sealed class LeaseFenceTests
{
    private const string SecondAttempt =
        """
        WITH c AS (
            INSERT INTO conversations (id, owner_id, status, on_busy, last_seq, created_at, updated_at)
            VALUES ($1, $1, 'pending', 'enqueue', 4, now(), now())
        )
        INSERT INTO runs (id, conversation_id, seq, trigger_message_id, runtime, status, attempt, lease_owner, lease_until, queued_at)
        VALUES ($1, $1, 2, $1, 'simulated', 'running', 2, $1, now(), now())
        """;

    [TestCase(1, 0)]
    [TestCase(2, 1)]
    public async Task Renew_OfAnAttempt_IsTheOwnersWhoHoldsIt(int attempt, int renewed)
    {
        var id = Guid.CreateVersion7();
        await using var source = NpgsqlDataSource.Create(await TestPostgres.NewDatabaseAsync());
        await using var insert = source.CreateCommand(SecondAttempt);
        insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await insert.ExecuteNonQueryAsync(Patience.Token);

        var answer = await new RunRepository(new DbSession(source)).RenewAsServiceAsync(id, [id], [attempt], Patience.Token);

        Assert.That(answer.Count(run => run.Renewed), Is.EqualTo(renewed));
    }
}
