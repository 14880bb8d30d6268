using Npgsql;

namespace Conversation.Benchmarks;

/// <summary>Rows by the hundred thousand, in the shape in which the service would have written them.</summary>
internal static class Filling
{
    private const string Bare =
        """
        INSERT INTO bare_messages (id, conversation_id, role, content, created_at)
        SELECT gen_random_uuid(), $1, 'user', repeat('plain text ', 10), now() + n * interval '1 ms'
        FROM generate_series(1, $2) n
        """;

    private const string Messages =
        """
        WITH stored AS (
            INSERT INTO messages (id, conversation_id, seq, role, content, status, attempt, created_at, updated_at)
            SELECT gen_random_uuid(), $1, n, 'user', repeat('plain text ', 10), 'stored', 1, now(), now()
            FROM generate_series(1, $2) n
            RETURNING id, conversation_id, seq, created_at
        ),
        logged AS (
            INSERT INTO conversation_events (conversation_id, seq, type, message_id, write_id, created_at)
            SELECT conversation_id, seq, 'message.created', id, id, created_at
            FROM stored
        )
        UPDATE conversations SET last_seq = $2 WHERE id = $1
        """;

    private const string Conversations =
        """
        INSERT INTO conversations (id, owner_id, title, status, on_busy, last_seq, created_at, updated_at)
        SELECT gen_random_uuid(), $1, 'one of many', 'pending', 'enqueue', 0, now(), now() - n * interval '1 s'
        FROM generate_series(1, $2) n
        """;

    public static Task MessagesAsync(NpgsqlDataSource source, Guid conversation, int count, bool isBare) =>
        FillAsync(source, isBare ? Bare : Messages, conversation, count);

    public static Task ConversationsAsync(NpgsqlDataSource source, Guid owner, int count) => FillAsync(source, Conversations, owner, count);

    private static async Task FillAsync(NpgsqlDataSource source, string sql, Guid id, int count)
    {
        await using var fill = source.CreateCommand(sql);
        fill.CommandTimeout = 0;
        fill.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        fill.Parameters.Add(new NpgsqlParameter<int> { TypedValue = count });
        await fill.ExecuteNonQueryAsync();
        // What autovacuum would do some time later: without it the planner guesses, for everyone.
        await using var analyze = source.CreateCommand("VACUUM ANALYZE");
        analyze.CommandTimeout = 0;
        await analyze.ExecuteNonQueryAsync();
    }
}
