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
            r.resume_token AS ResumeToken,
            r.cancel_outcome AS CancelOutcome,
            r.error_code AS ErrorCode,
            r.error_detail AS ErrorDetail,
            r.usage AS Usage,
            r.queued_at AS QueuedAt,
            r.started_at AS StartedAt,
            r.finished_at AS FinishedAt
        FROM runs r
        JOIN conversations c ON c.id = r.conversation_id

        """;

    private const string FindSql = Columns +
        """
        WHERE r.id = @id
            AND c.deleted_at IS NULL
            AND (@reach::uuid IS NULL OR c.owner_id = @reach)
        """;

    private const string ListSql = Columns +
        """
        WHERE r.conversation_id = @conversationId
            AND c.deleted_at IS NULL
            AND (@reach::uuid IS NULL OR c.owner_id = @reach)
        ORDER BY r.seq
        """;

    private const string CandidatesSql =
        """
        SELECT r.id AS Id, r.conversation_id AS ConversationId
        FROM runs r
        WHERE r.status = 'queued'
            AND NOT EXISTS (
                SELECT FROM runs q WHERE q.conversation_id = r.conversation_id AND q.status IN ('running', 'cancelling'))
            AND NOT EXISTS (
                SELECT FROM runs q WHERE q.conversation_id = r.conversation_id AND q.status = 'queued' AND q.seq < r.seq)
        LIMIT @limit
        """;

    private const string NextSql =
        """
        SELECT r.id AS Id, r.conversation_id AS ConversationId
        FROM runs r
        WHERE r.conversation_id = @conversationId
            AND r.status = 'queued'
            AND NOT EXISTS (
                SELECT FROM runs q WHERE q.conversation_id = r.conversation_id AND q.status IN ('running', 'cancelling'))
        ORDER BY r.seq
        LIMIT 1
        """;

    private const string ExpiredSql =
        """
        SELECT r.id AS Id, r.conversation_id AS ConversationId, r.attempt AS Attempt, r.status AS Status, m.id AS StreamingMessageId
        FROM runs r
        LEFT JOIN messages m ON m.id = r.assistant_message_id AND m.status = 'streaming'
        WHERE r.status IN ('running', 'cancelling')
            AND r.lease_until < now()
        ORDER BY r.lease_until
        LIMIT @limit
        """;

    private const string RenewSql =
        """
        UPDATE runs
        SET lease_until = clock_timestamp() + interval '6 seconds'
        WHERE id = ANY(@runs)
            AND lease_owner = @owner
            AND status IN ('running', 'cancelling')
        RETURNING id AS Id, status AS Status
        """;
}
