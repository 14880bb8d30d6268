namespace Conversation.Data.Log;

internal sealed partial class EventRepository
{
    /// <summary>
    /// A deleted message, or one whose row is gone, comes as its id alone. One that is still streaming comes empty: its text is the ranges'
    /// business.
    /// </summary>
    private const string ReadSql =
        """
        SELECT
            e.conversation_id AS ConversationId,
            e.seq AS Seq,
            e.type AS Type,
            e.created_at AS At,
            e.data AS Data,
            e.run_id AS RunId,
            e.message_id AS MessageId,
            m.seq AS MessageSeq,
            m.role AS MessageRole,
            m.content AS MessageContent,
            m.metadata AS MessageMetadata,
            m.status AS MessageStatus,
            m.finish_reason AS MessageFinishReason,
            m.run_id AS MessageRunId,
            m.attempt AS MessageAttempt,
            m.keep AS MessageKeep,
            m.created_at AS MessageCreatedAt,
            m.updated_at AS MessageUpdatedAt,
            (m.id IS NULL OR m.deleted_at IS NOT NULL) AS MessageDeleted,
            r.trigger_message_id AS RunTriggerMessageId,
            r.assistant_message_id AS RunAssistantMessageId,
            r.runtime AS RunRuntime,
            r.agent AS RunAgent,
            r.status AS RunStatus,
            r.attempt AS RunAttempt,
            r.cancel_outcome AS RunCancelOutcome,
            r.error_code AS RunErrorCode,
            r.error_detail AS RunErrorDetail,
            r.usage AS RunUsage,
            r.queued_at AS RunQueuedAt,
            r.started_at AS RunStartedAt,
            r.finished_at AS RunFinishedAt
        FROM unnest(@conversations::uuid[], @after::bigint[]) AS w(conversation_id, after_seq)
        CROSS JOIN LATERAL (
            SELECT *
            FROM conversation_events x
            WHERE x.conversation_id = w.conversation_id AND x.seq > w.after_seq
            ORDER BY x.seq
            LIMIT @limit) e
        LEFT JOIN messages m ON m.id = e.message_id
        LEFT JOIN runs r ON r.id = e.run_id
        ORDER BY e.conversation_id, e.seq
        """;
}
