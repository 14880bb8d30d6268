namespace Conversation.Data.Log;

internal sealed partial class AppendMessageStatement
{
    /// <summary>Outcomes as <see cref="AppendOutcome"/>: 0 stored, 1 replayed, 2 key reused.</summary>
    private const string Sql =
        """
        WITH input AS (
            SELECT *
            FROM unnest(
                $1::int[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[],
                $9::uuid[], $10::text[], $11::text[], $12::uuid[], $13::text[], $14::text[], $15::bytea[]) AS i(
                ord, write_id, conversation_id, reach, message_id, role, content, metadata,
                run_id, runtime, agent, claimant, principal, key, request_hash)
        ),
        reachable AS (
            SELECT
                i.*,
                c.last_seq,
                k.message_id AS known_message_id,
                k.run_id AS known_run_id,
                k.seq AS known_seq,
                k.created_at AS known_at,
                k.request_hash AS known_hash
            FROM input i
            JOIN conversations c ON c.id = i.conversation_id
            LEFT JOIN idempotency_keys k
                ON k.conversation_id = i.conversation_id AND k.principal = i.principal AND k.key = i.key
            WHERE c.deleted_at IS NULL AND (i.reach IS NULL OR c.owner_id = i.reach)
        ),
        fresh AS (
            SELECT
                r.*,
                clock_timestamp() AS at,
                r.run_id IS NOT NULL
                    AND r.claimant IS NOT NULL
                    AND row_number() OVER (PARTITION BY r.conversation_id ORDER BY r.run_id IS NULL, r.ord) = 1
                    AND NOT EXISTS (
                        SELECT FROM runs q WHERE q.conversation_id = r.conversation_id AND q.status = 'queued')
                    AND NOT EXISTS (
                        SELECT FROM runs q WHERE q.conversation_id = r.conversation_id AND q.status IN ('running', 'cancelling'))
                    AS claimed
            FROM reachable r
            WHERE r.known_message_id IS NULL
        ),
        allowed AS (
            SELECT f.*, 1 + (f.run_id IS NOT NULL)::int + f.claimed::int AS events
            FROM fresh f
        ),
        """ + LogSql.TakeNumbers + """
        ,
        stored AS (
            INSERT INTO messages (
                id, conversation_id, seq, role, content, metadata, status, run_id, attempt, created_at, updated_at)
            SELECT message_id, conversation_id, base + 1, role, content, metadata::json, 'stored', run_id, 1, at, at
            FROM numbered
        ),
        queued AS (
            INSERT INTO runs (
                id, conversation_id, seq, trigger_message_id, runtime, agent, status, attempt,
                lease_owner, lease_until, queued_at, started_at)
            SELECT
                run_id, conversation_id, base + 2, message_id, runtime, agent,
                CASE WHEN claimed THEN 'running' ELSE 'queued' END,
                claimed::int,
                CASE WHEN claimed THEN claimant END,
                CASE WHEN claimed THEN at + interval '6 seconds' END,
                at,
                CASE WHEN claimed THEN at END
            FROM numbered
            WHERE run_id IS NOT NULL
        ),
        remembered AS (
            INSERT INTO idempotency_keys (conversation_id, principal, key, request_hash, message_id, run_id, seq, created_at)
            SELECT conversation_id, principal, key, request_hash, message_id, run_id, base + 1, at
            FROM numbered
            WHERE key IS NOT NULL
        ),
        logged AS (
            INSERT INTO conversation_events (conversation_id, seq, type, message_id, run_id, data, write_id, created_at)
            SELECT n.conversation_id, n.base + e.step, e.type, e.message_id, n.run_id, e.data, n.write_id, n.at
            FROM numbered n
            CROSS JOIN LATERAL (
                VALUES
                    (1, 'message.created', n.message_id, NULL::jsonb),
                    (2, 'run.queued', NULL, jsonb_build_object('waits', NOT n.claimed)),
                    (3, 'run.started', NULL, jsonb_build_object('attempt', 1))) AS e(step, type, message_id, data)
            WHERE e.step <= n.events
        )
        SELECT ord, 0, message_id, base + 1, at, run_id, claimed
        FROM numbered
        UNION ALL
        SELECT
            ord, CASE WHEN known_hash = request_hash THEN 1 ELSE 2 END, known_message_id, known_seq, known_at, known_run_id, FALSE
        FROM reachable
        WHERE known_message_id IS NOT NULL
        """;
}
