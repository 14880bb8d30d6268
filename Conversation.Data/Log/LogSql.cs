namespace Conversation.Data.Log;

/// <summary>
/// What every statement of the log shares. Where a row is looked up by its id for each item of a batch, <c>OFFSET 0</c> keeps the planner
/// from merging the look-ups into a join that reads the whole table.
/// </summary>
internal static class LogSql
{
    /// <summary>
    /// First in every batch: whoever holds the rows decides alone, and the statements that follow see everything earlier holders
    /// committed. Sorted, so that two nodes never wait for each other in a circle.
    /// </summary>
    public const string LockConversationsSql =
        """
        SELECT id
        FROM conversations
        WHERE id = ANY($1)
        ORDER BY id
        FOR NO KEY UPDATE
        """;

    /// <summary>
    /// Second, where runs are written: whoever renews leases or keeps checkpoints takes them in the same order, so nobody waits in a
    /// circle.
    /// </summary>
    public const string LockRunsSql =
        """
        SELECT id
        FROM runs
        WHERE id = ANY($1)
        ORDER BY id
        FOR NO KEY UPDATE
        """;

    /// <summary>
    /// Which of them nobody holds at the moment. What is not there is held by nobody: whoever waits to make it, or is to be told that it is
    /// not there, would otherwise wait for ever. It asks for what a write takes: while an index is made each row can be locked, and none changed.
    /// </summary>
    public const string FreeConversationsSql =
        """
        WITH as_writes AS (
            UPDATE conversations
            SET last_seq = last_seq
            WHERE FALSE
        ),
        free AS MATERIALIZED (
            SELECT id
            FROM conversations
            WHERE id = ANY($1)
            FOR NO KEY UPDATE SKIP LOCKED
        )
        SELECT id
        FROM free
        UNION ALL
        SELECT w.id
        FROM unnest($1::uuid[]) AS w(id)
        WHERE NOT EXISTS (SELECT FROM conversations c WHERE c.id = w.id OFFSET 0)
        """;

    /// <summary>
    /// Ends the server's side of a connection that was lost, and waits for it: what it was about to commit is then committed or
    /// will never be. Each of the appender's connections has a name of its own.
    /// </summary>
    public const string EndLostBackendSql =
        """
        SELECT pg_terminate_backend(pid, 5000)
        FROM pg_stat_activity
        WHERE application_name = ANY($1) AND pid <> pg_backend_pid()
        """;

    /// <summary>The writes among the latest events: where an unknown outcome is looked up, seconds after it was sent.</summary>
    public const string FindWritesSql =
        """
        SELECT e.write_id, min(e.seq), min(e.created_at)
        FROM unnest($1::uuid[], $2::uuid[]) AS w(conversation_id, write_id)
        JOIN conversations c ON c.id = w.conversation_id
        JOIN conversation_events e
            ON e.conversation_id = w.conversation_id AND e.seq > c.last_seq - 10000 AND e.write_id = w.write_id
        GROUP BY e.write_id
        """;

    /// <summary>
    /// Follows a CTE <c>allowed (ord, conversation_id, last_seq, events, at, ...)</c>: gives each item the numbers after
    /// <c>base</c> and moves the heads.
    /// </summary>
    public const string TakeNumbers = Numbered +
        """
        moved AS (
            UPDATE conversations c
            SET last_seq = c.last_seq + t.events, updated_at = t.at
            FROM (SELECT conversation_id, sum(events) AS events, max(at) AS at FROM allowed GROUP BY conversation_id) t
            WHERE c.id = t.conversation_id
        )
        """;

    /// <summary>
    /// The same for what changes the past: a runtime that keeps a memory of its own gets a new session, whose memory begins anew.
    /// </summary>
    public const string TakeNumbersInNewSession = Numbered +
        """
        moved AS (
            UPDATE conversations c
            SET last_seq = c.last_seq + t.events, updated_at = t.at, session_id = gen_random_uuid()
            FROM (SELECT conversation_id, sum(events) AS events, max(at) AS at FROM allowed GROUP BY conversation_id) t
            WHERE c.id = t.conversation_id
        )
        """;

    private const string Numbered =
        """
        numbered AS (
            SELECT
                a.*,
                (a.last_seq + sum(a.events) OVER (PARTITION BY a.conversation_id ORDER BY a.ord) - a.events)::bigint AS base
            FROM allowed a
        ),

        """;
}
