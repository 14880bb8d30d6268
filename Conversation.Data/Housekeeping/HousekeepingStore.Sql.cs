namespace Conversation.Data.Housekeeping;

internal sealed partial class HousekeepingStore
{
    /// <summary>Any number works as long as every version of the service uses the same.</summary>
    private const string Turn =
        """
        WITH turn AS MATERIALIZED (
            SELECT pg_try_advisory_xact_lock(4860243019) AS mine
        ),
        """;

    /// <summary>The deleted conversations whose rows go now: those that no node works on, the longest deleted first.</summary>
    private const string Gone = Turn +
        """
        gone AS MATERIALIZED (
            SELECT c.id
            FROM conversations c
            WHERE c.deleted_at < now() - make_interval(hours => @hours)
                AND (SELECT mine FROM turn)
                AND NOT EXISTS (
                    SELECT FROM runs r WHERE r.conversation_id = c.id AND r.status IN ('running', 'cancelling') AND r.lease_until > now())
            ORDER BY c.deleted_at
            LIMIT 100
        )
        """;

    private const string DeleteEventsSql = Gone +
        """
        DELETE FROM conversation_events
        WHERE ctid = ANY(ARRAY(
            SELECT e.ctid FROM gone g CROSS JOIN LATERAL (
                SELECT ctid FROM conversation_events WHERE conversation_id = g.id ORDER BY seq LIMIT @limit) e
            LIMIT @limit))
        """;

    private const string DeleteKeysOfDeletedSql = Gone +
        """
        DELETE FROM idempotency_keys
        WHERE ctid = ANY(ARRAY(
            SELECT k.ctid FROM gone g CROSS JOIN LATERAL (
                SELECT ctid FROM idempotency_keys WHERE conversation_id = g.id ORDER BY principal, key LIMIT @limit) k
            LIMIT @limit))
        """;

    private const string DeleteRunsSql = Gone +
        """
        DELETE FROM runs
        WHERE ctid = ANY(ARRAY(
            SELECT r.ctid FROM gone g CROSS JOIN LATERAL (
                SELECT ctid FROM runs WHERE conversation_id = g.id ORDER BY seq LIMIT @limit) r
            LIMIT @limit))
        """;

    /// <summary>
    /// Their checkpoints go with them, by the foreign key: there are few or none. A thousand of the longest would be gigabytes: a batch ends
    /// with the row that makes it 16 MiB as stored.
    /// </summary>
    private const string DeleteMessagesSql = Gone +
        """
        DELETE FROM messages
        WHERE ctid = ANY(ARRAY(
            SELECT s.ctid
            FROM (
                SELECT m.ctid, sum(m.bytes) OVER (ROWS UNBOUNDED PRECEDING) - m.bytes AS before
                FROM gone g
                CROSS JOIN LATERAL (
                    SELECT ctid, pg_column_size(content) + coalesce(pg_column_size(metadata), 0) AS bytes
                    FROM messages
                    WHERE conversation_id = g.id
                    ORDER BY seq
                    LIMIT @limit) m
                LIMIT @limit) s
            WHERE s.before < 16 * 1024 * 1024))
        """;

    /// <summary>Last, and only those that nothing refers to any more, so that no cascade is longer than a batch.</summary>
    private const string DeleteConversationsSql = Gone +
        """
        DELETE FROM conversations
        WHERE id = ANY(ARRAY(
            SELECT g.id FROM gone g
            WHERE NOT EXISTS (SELECT FROM conversation_events e WHERE e.conversation_id = g.id)
                AND NOT EXISTS (SELECT FROM idempotency_keys k WHERE k.conversation_id = g.id)
                AND NOT EXISTS (SELECT FROM runs r WHERE r.conversation_id = g.id)
                AND NOT EXISTS (SELECT FROM messages m WHERE m.conversation_id = g.id)))
        """;

    private const string DeleteOldKeysSql = Turn +
        """
        old AS MATERIALIZED (
            SELECT k.ctid FROM idempotency_keys k
            WHERE k.created_at < now() - make_interval(hours => @hours)
                AND (SELECT mine FROM turn)
            ORDER BY k.created_at
            LIMIT @limit
        )
        DELETE FROM idempotency_keys
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM old))
        """;

    /// <summary>The end of a message deletes its own; these are what a killed process, or a late batch of another node, left.</summary>
    private const string DeleteCheckpointsSql = Turn +
        """
        old AS MATERIALIZED (
            SELECT k.ctid
            FROM (SELECT ctid, message_id FROM message_chunks WHERE (SELECT mine FROM turn) ORDER BY message_id LIMIT 10000) k
            WHERE EXISTS (SELECT FROM messages m WHERE m.id = k.message_id AND m.status <> 'streaming')
            LIMIT @limit
        )
        DELETE FROM message_chunks
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM old))
        """;

    private const string RunsSql =
        """
        SELECT 'queued' AS Status, count(*) AS Runs, coalesce(extract(epoch FROM now() - min(queued_at)), 0)::float8 AS OldestSeconds
        FROM runs
        WHERE status = 'queued'
        UNION ALL
        SELECT s.status, count(r.id), coalesce(extract(epoch FROM now() - min(r.queued_at)), 0)::float8
        FROM unnest(ARRAY['running', 'cancelling']) AS s(status)
        LEFT JOIN (
            SELECT id, status, queued_at FROM runs WHERE status IN ('running', 'cancelling')) r ON r.status = s.status
        GROUP BY s.status
        """;

    /// <summary>The planner's estimate of rows: counting would read the table. Without triggers, at the price of four file lengths a table.</summary>
    private const string TablesSql =
        """
        SELECT
            t.name AS Name,
            pg_total_relation_size(t.id) AS Bytes,
            (SELECT greatest(c.reltuples, 0)::int8 FROM pg_class c WHERE c.oid = t.id) AS Rows
        FROM (
            SELECT name, to_regclass('public.' || name) AS id
            FROM unnest(ARRAY[
                'conversations', 'conversation_events', 'messages', 'runs', 'message_chunks', 'idempotency_keys']) AS n(name)) t
        WHERE t.id IS NOT NULL
        """;
}
