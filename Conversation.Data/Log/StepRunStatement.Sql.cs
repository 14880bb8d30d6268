namespace Conversation.Data.Log;

internal sealed partial class StepRunStatement
{
    private const string Sql =
        """
        WITH allowed AS (
            SELECT
                i.*,
                c.last_seq,
                clock_timestamp() AS at,
                -- An answer that ends by itself while it is being cancelled ends as cancelled, with all of its text.
                r.status = 'cancelling' AND i.run_status IN ('completed', 'failed', 'queued') AS cancels
            FROM unnest(
                $1::int[], $2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::boolean[], $7::int[], $8::text[], $9::text[],
                $10::text[], $11::text[], $12::text[], $13::uuid[], $14::text[], $15::int[], $16::text[], $17::text[], $18::text[],
                $19::int[], $20::text[]) AS i(
                ord, write_id, conversation_id, run_id, attempt, only_expired, events, run_status, error_code,
                error_detail, resume_token, usage, message_id, message_status, start_step, content, finish_reason, metadata,
                rewrite_keep, cancel_outcome)
            JOIN LATERAL (SELECT * FROM conversations WHERE id = i.conversation_id OFFSET 0) c ON c.deleted_at IS NULL
            JOIN LATERAL (SELECT * FROM runs WHERE id = i.run_id OFFSET 0) r
                ON r.attempt = i.attempt AND r.status IN ('running', 'cancelling')
            WHERE NOT i.only_expired OR r.lease_until < clock_timestamp()
        ),
        """ + LogSql.TakeNumbers + """
        ,
        started AS (
            INSERT INTO messages (
                id, conversation_id, seq, role, content, metadata, status, finish_reason, run_id, attempt, created_at, updated_at)
            SELECT
                message_id, conversation_id, base + start_step, 'assistant', coalesce(content, ''), metadata::json,
                message_status, finish_reason, run_id, 1, at, at
            FROM numbered
            WHERE start_step IS NOT NULL
        ),
        ended AS (
            UPDATE messages m
            SET status = n.message_status,
                finish_reason = n.finish_reason,
                updated_at = n.at,
                attempt = m.attempt + (n.rewrite_keep IS NOT NULL)::int,
                keep = CASE
                    WHEN n.rewrite_keep IS NULL THEN m.keep
                    WHEN m.attempt > 1 THEN least(m.keep, n.rewrite_keep)
                    ELSE n.rewrite_keep
                END,
                content = n.content
            FROM numbered n
            WHERE m.id = n.message_id AND n.start_step IS NULL AND m.deleted_at IS NULL
        ),
        cleaned AS (
            -- No join: a plan that was made while nobody answered would compare each piece of text there is with each answer that ends.
            DELETE FROM message_chunks
            WHERE message_id = ANY (ARRAY(SELECT message_id FROM numbered WHERE start_step IS NULL))
        ),
        stepped AS (
            UPDATE runs r
            SET status = CASE WHEN n.cancels THEN 'cancelled' ELSE coalesce(n.run_status, r.status) END,
                assistant_message_id = coalesce(n.message_id, r.assistant_message_id),
                resume_token = coalesce(n.resume_token, r.resume_token),
                usage = coalesce(n.usage::jsonb, r.usage),
                error_code = n.error_code,
                error_detail = n.error_detail,
                cancel_outcome = CASE WHEN n.cancels OR n.run_status = 'cancelled' THEN coalesce(n.cancel_outcome, 'confirmed') END,
                lease_owner = CASE WHEN n.run_status IS NULL THEN r.lease_owner END,
                lease_until = CASE WHEN n.run_status IS NULL THEN r.lease_until END,
                finished_at = CASE WHEN n.cancels OR n.run_status IN ('completed', 'failed', 'cancelled') THEN n.at END
            FROM numbered n
            WHERE r.id = n.run_id
        ),
        logged AS (
            INSERT INTO conversation_events (conversation_id, seq, type, message_id, run_id, data, write_id, created_at)
            SELECT
                n.conversation_id, n.base + s.step,
                CASE WHEN n.cancels AND s.type IN ('run.completed', 'run.failed', 'run.queued') THEN 'run.cancelled' ELSE s.type END,
                CASE WHEN s.of_message THEN n.message_id END,
                n.run_id, s.data::jsonb, n.write_id, n.at
            FROM numbered n
            JOIN unnest($21::int[], $22::int[], $23::text[], $24::text[], $25::boolean[]) AS s(ord, step, type, data, of_message)
                ON s.ord = n.ord
        )
        SELECT ord, base + 1, at
        FROM numbered
        """;
}
