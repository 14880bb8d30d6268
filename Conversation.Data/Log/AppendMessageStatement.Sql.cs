using Conversation.Data.Runs;

namespace Conversation.Data.Log;

internal sealed partial class AppendMessageStatement
{
    /// <summary>
    /// Outcomes as <see cref="AppendOutcome"/>. Whether a send finds the conversation busy depends, within a batch, on those before it;
    /// where that matters (any rule but enqueue) only the first is judged, and the others are sent again by themselves.
    /// </summary>
    private const string Sql = Judged +
        """
        -- What the rule puts aside for this send: what waits, and, to interrupt, what runs.
        displaced AS (
            SELECT d.*, row_number() OVER (PARTITION BY d.ord ORDER BY d.seq) AS nth
            FROM (
                SELECT j.ord, q.id AS run_id, q.seq, q.status
                FROM judged j
                CROSS JOIN LATERAL (SELECT * FROM runs WHERE conversation_id = j.conversation_id AND status = 'queued' OFFSET 0) q
                WHERE j.outcome = 0 AND j.run_id IS NOT NULL AND j.rule IN ('interrupt', 'coalesce')
                UNION ALL
                SELECT j.ord, q.id, q.seq, q.status
                FROM judged j
                CROSS JOIN LATERAL (
                    SELECT *
                    FROM runs
                    WHERE conversation_id = j.conversation_id AND status IN ('running', 'cancelling')
                    OFFSET 0) q
                WHERE j.outcome = 0 AND j.run_id IS NOT NULL AND j.rule = 'interrupt' AND q.status = 'running') d
        ),
        allowed AS (
            SELECT j.*, d.displaced, 1 + (j.run_id IS NOT NULL)::int + j.claimed::int + d.displaced AS events
            FROM judged j
            CROSS JOIN LATERAL (SELECT count(*)::int AS displaced FROM displaced x WHERE x.ord = j.ord) d
            WHERE j.outcome = 0
        ),
        """ + LogSql.TakeNumbers +
        $"""
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
                lease_owner, lease_until, queued_at, started_at, traceparent)
            SELECT
                run_id, conversation_id, base + 2 + displaced, message_id, runtime, agent,
                CASE WHEN claimed THEN 'running' ELSE 'queued' END,
                claimed::int,
                CASE WHEN claimed THEN claimant END,
                CASE WHEN claimed THEN at + {LeaseSql.Length} END,
                at,
                CASE WHEN claimed THEN at END,
                traceparent
            FROM numbered
            WHERE run_id IS NOT NULL
        ),
        put_aside AS (
            UPDATE runs r
            SET status = CASE WHEN d.status = 'queued' THEN 'cancelled' ELSE 'cancelling' END,
                cancel_outcome = CASE WHEN d.status = 'queued' THEN 'confirmed' END,
                finished_at = CASE WHEN d.status = 'queued' THEN n.at END
            FROM displaced d
            JOIN numbered n ON n.ord = d.ord
            WHERE r.id = d.run_id
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
                    (1, 'message.created', n.message_id, NULL::jsonb, TRUE),
                    (2 + n.displaced, 'run.queued', NULL, jsonb_build_object('waits', NOT n.claimed), n.run_id IS NOT NULL),
                    (3 + n.displaced, 'run.started', NULL, jsonb_build_object('attempt', 1), n.claimed)
                ) AS e(step, type, message_id, data, happens)
            WHERE e.happens
            UNION ALL
            SELECT
                n.conversation_id, n.base + 1 + d.nth,
                CASE WHEN d.status = 'queued' THEN 'run.cancelled' ELSE 'run.cancelling' END,
                NULL, d.run_id, jsonb_build_object('reason', n.rule), n.write_id, n.at
            FROM displaced d
            JOIN numbered n ON n.ord = d.ord
        )
        SELECT
            n.ord, 0, n.message_id, n.base + 1, n.at, n.run_id, n.claimed,
            (SELECT d.run_id FROM displaced d WHERE d.ord = n.ord AND d.status = 'running')
        FROM numbered n
        UNION ALL
        SELECT ord, outcome, message_id, 0, at, NULL, FALSE, NULL
        FROM judged
        WHERE outcome <> 0
        UNION ALL
        SELECT
            ord, CASE WHEN known_hash = request_hash THEN 1 ELSE 2 END, known_message_id, known_seq, known_at, known_run_id, FALSE, NULL
        FROM reachable
        WHERE known_message_id IS NOT NULL
        """;

    private const string Judged =
        """
        WITH input AS (
            SELECT *
            FROM unnest(
                $1::int[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[],
                $9::uuid[], $10::text[], $11::text[], $12::uuid[], $13::text[], $14::text[], $15::text[], $16::bytea[], $17::text[], $18::boolean[]) AS i(
                ord, write_id, conversation_id, reach, message_id, role, content, metadata,
                run_id, runtime, agent, claimant, on_busy, principal, key, request_hash, traceparent, only_repeats)
        ),
        reachable AS (
            SELECT
                i.*,
                c.last_seq,
                coalesce(i.on_busy, c.on_busy) AS rule,
                k.message_id AS known_message_id,
                k.run_id AS known_run_id,
                k.seq AS known_seq,
                k.created_at AS known_at,
                k.request_hash AS known_hash
            FROM input i
            CROSS JOIN LATERAL (SELECT * FROM conversations WHERE id = i.conversation_id OFFSET 0) c
            LEFT JOIN LATERAL (
                SELECT *
                FROM idempotency_keys
                WHERE conversation_id = i.conversation_id AND principal = i.principal AND key = i.key
                OFFSET 0) k ON TRUE
            WHERE c.deleted_at IS NULL AND (i.reach IS NULL OR c.owner_id = i.reach)
        ),
        fresh AS (
            SELECT
                r.*,
                clock_timestamp() AS at,
                row_number() OVER (PARTITION BY r.conversation_id ORDER BY r.only_repeats, r.run_id IS NULL, r.ord) > 1 AS follows,
                EXISTS (SELECT FROM runs q WHERE q.conversation_id = r.conversation_id AND q.status = 'queued')
                    OR EXISTS (
                        SELECT FROM runs q WHERE q.conversation_id = r.conversation_id AND q.status IN ('running', 'cancelling'))
                    AS busy
            FROM reachable r
            WHERE r.known_message_id IS NULL
        ),
        judged AS (
            SELECT
                f.*,
                f.run_id IS NOT NULL AND f.claimant IS NOT NULL AND NOT f.busy AND NOT f.follows AS claimed,
                CASE
                    WHEN f.only_repeats THEN 5
                    WHEN f.run_id IS NULL OR f.rule = 'enqueue' THEN 0
                    WHEN f.follows THEN 4
                    WHEN f.rule = 'reject' AND f.busy THEN 3
                    ELSE 0
                END AS outcome
            FROM fresh f
        ),

        """;
}
