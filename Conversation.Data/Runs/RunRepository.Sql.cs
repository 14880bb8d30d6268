namespace Conversation.Data.Runs;

public sealed partial class RunRepository
{
    private const string Columns =
        """
        SELECT
            r.id AS Id,
            r.conversation_id AS ConversationId,
            r.trigger_message_id AS TriggerMessageId,
            r.assistant_message_id AS AssistantMessageId,
            r.runtime AS Runtime,
            r.agent AS Agent,
            r.status AS Status,
            r.attempt AS Attempt,
            r.cancel_outcome AS CancelOutcome,
            r.error_code AS ErrorCode,
            r.error_detail AS ErrorDetail,
            r.usage AS Usage,
            r.queued_at AS QueuedAt,
            r.started_at AS StartedAt,
            r.finished_at AS FinishedAt
        FROM runs r
        CROSS JOIN LATERAL (SELECT * FROM conversations WHERE id = r.conversation_id OFFSET 0) c

        """;

    private const string FindSql = Columns +
        """
        WHERE r.id = @id
            AND c.deleted_at IS NULL
            AND (@reach::uuid IS NULL OR c.owner_id = @reach)
        """;

    private const string InConversation = Columns +
        """
        WHERE r.conversation_id = @conversationId
            AND c.deleted_at IS NULL
            AND (@reach::uuid IS NULL OR c.owner_id = @reach)

        """;

    private const string ListSql = InConversation +
        """
        ORDER BY r.seq
        LIMIT @limit::int
        """;

    private const string ListNewestFirstSql = InConversation +
        """
        ORDER BY r.seq DESC
        LIMIT @limit::int
        """;

    private const string CandidatesSql =
        """
        SELECT r.id AS Id, r.conversation_id AS ConversationId
        FROM runs r
        WHERE r.status = 'queued'
            AND r.finished_at IS NULL
            AND NOT EXISTS (
                SELECT
                FROM runs q
                WHERE q.conversation_id = r.conversation_id AND q.status IN ('running', 'cancelling')
                OFFSET 0)
            AND NOT EXISTS (
                SELECT
                FROM runs q
                WHERE q.conversation_id = r.conversation_id AND q.status = 'queued' AND q.seq < r.seq
                OFFSET 0)
        ORDER BY r.queued_at
        LIMIT @limit
        """;

    /// <summary>
    /// Locked for no longer than it is read, so that a server that takes no writes refuses: nobody could renew there, and what it
    /// shows is no news of the nodes. A row that somebody holds, perhaps to renew it, is left to the next look. The update of nothing takes
    /// the table's lock that a renewal takes: while an index is built rows can be locked, but not renewed, and each lease runs out. It
    /// reads and writes no row, and needs no transaction of its own, as LOCK TABLE would: the look costs no more while nothing has run out.
    /// </summary>
    private const string ExpiredSql =
        """
        WITH as_renewals AS (
            UPDATE runs
            SET lease_until = lease_until
            WHERE FALSE
        )
        SELECT
            r.id AS Id,
            r.conversation_id AS ConversationId,
            r.attempt AS Attempt,
            r.status AS Status,
            r.runtime AS Runtime,
            r.resume_token AS ResumeToken,
            r.resume_offset AS ResumeOffset,
            m.id AS StreamingMessageId
        FROM runs r
        LEFT JOIN messages m ON m.id = r.assistant_message_id AND m.status = 'streaming'
        WHERE r.status IN ('running', 'cancelling')
            AND r.lease_until < now()
        ORDER BY r.lease_until
        LIMIT @limit
        FOR NO KEY UPDATE OF r SKIP LOCKED
        """;

    /// <summary>A row that somebody holds is passed over: it may not cost the others their leases, and is asked for again soon.</summary>
    private const string RenewSql =
        $"""
        WITH relaxed AS MATERIALIZED (
            SELECT set_config('synchronous_commit', 'off', TRUE)
        ),
        held AS MATERIALIZED (
            SELECT r.id
            FROM runs r
            CROSS JOIN relaxed
            WHERE r.id = ANY(@runs)
                AND (r.id, r.attempt) IN (SELECT * FROM unnest(@runs::uuid[], @attempts::int[]))
                AND r.lease_owner = @owner
                AND r.status IN ('running', 'cancelling')
            ORDER BY r.id
            FOR NO KEY UPDATE OF r SKIP LOCKED
        ),
        renewed AS (
            UPDATE runs r
            SET lease_until = clock_timestamp() + {LeaseSql.Length}
            FROM held
            WHERE r.id = held.id
            RETURNING r.id
        )
        SELECT r.id AS Id, r.status AS Status, r.id IN (SELECT id FROM renewed) AS Renewed
        FROM runs r
        WHERE r.id = ANY(@runs)
            AND (r.id, r.attempt) IN (SELECT * FROM unnest(@runs::uuid[], @attempts::int[]))
            AND r.lease_owner = @owner
            AND r.status IN ('running', 'cancelling')
        """;

    private const string DroppedSql =
        """
        SELECT id
        FROM runs
        WHERE id = ANY(@runs) AND status = 'cancelled' AND lease_owner IS NULL
        """;

    /// <summary>Without an owner, so that a renewal which is on its way, or still to come, does not take it back.</summary>
    private const string ReleaseSql =
        """
        UPDATE runs
        SET lease_owner = NULL, lease_until = clock_timestamp() - interval '1 millisecond'
        WHERE id = @id
            AND attempt = @attempt
            AND lease_owner = @owner
            AND status = 'running'
        """;

    /// <summary>Counted only as far as anyone asks: a long queue costs no more than a full one.</summary>
    private const string QueuedSql =
        """
        SELECT count(*)
        FROM (SELECT FROM runs WHERE status = 'queued' LIMIT @most) q
        """;

    private const string AssignmentSql =
        """
        SELECT
            r.id AS RunId,
            r.conversation_id AS ConversationId,
            r.seq AS Seq,
            r.trigger_message_id AS TriggerMessageId,
            r.runtime AS Runtime,
            coalesce(r.agent, c.agent) AS Agent,
            c.metadata AS Metadata,
            c.session_id AS SessionId
        FROM runs r
        JOIN LATERAL (SELECT * FROM conversations WHERE id = r.conversation_id OFFSET 0) c ON c.deleted_at IS NULL
        WHERE r.id = @id
        """;

    /// <summary>The conversation's row is locked before the run's, as everywhere.</summary>
    private const string BindAgentSql =
        """
        WITH held AS MATERIALIZED (
            SELECT c.id
            FROM conversations c
            WHERE c.id = @conversationId AND c.deleted_at IS NULL
            FOR NO KEY UPDATE
        ),
        bound AS (
            UPDATE runs r
            SET agent = @agent
            FROM held
            WHERE r.id = @id AND r.attempt = @attempt AND r.status IN ('running', 'cancelling')
            RETURNING r.conversation_id
        )
        UPDATE conversations c
        SET agent = @agent
        FROM bound
        WHERE c.id = bound.conversation_id
        """;
}
