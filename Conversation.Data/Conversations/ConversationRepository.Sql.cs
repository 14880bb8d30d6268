namespace Conversation.Data.Conversations;

public sealed partial class ConversationRepository
{
    private const string Columns =
        """
        SELECT
            id AS Id,
            owner_id AS OwnerId,
            title AS Title,
            metadata AS Metadata,
            status AS Status,
            on_busy AS OnBusy,
            last_seq AS LastSeq,
            created_at AS CreatedAt,
            updated_at AS UpdatedAt
        FROM conversations

        """;

    private const string FindSql = Columns +
        """
        WHERE id = @id
            AND deleted_at IS NULL
            AND (@reach::uuid IS NULL OR owner_id = @reach)
        """;

    private const string ListOwnedSql = Columns +
        """
        WHERE owner_id = @reach
            AND deleted_at IS NULL
            AND (updated_at, id) < (@updatedAt, @id)
        ORDER BY updated_at DESC, id DESC
        LIMIT @limit
        """;

    private const string ListAllSql = Columns +
        """
        WHERE deleted_at IS NULL
            AND (updated_at, id) < (@updatedAt, @id)
        ORDER BY updated_at DESC, id DESC
        LIMIT @limit
        """;

    /// <summary>At most one message streams in a conversation: that of its one active run.</summary>
    private const string HeadsSql =
        """
        SELECT
            c.id AS ConversationId,
            c.last_seq AS LastSeq,
            c.owner_id AS OwnerId,
            c.deleted_at IS NOT NULL AS Deleted,
            m.id AS StreamingMessageId,
            m.seq AS StreamingSeq,
            m.attempt AS StreamingAttempt,
            m.keep AS StreamingKeep
        FROM conversations c
        LEFT JOIN LATERAL (
            SELECT *
            FROM runs
            WHERE conversation_id = c.id AND status IN ('running', 'cancelling')
            OFFSET 0) r ON TRUE
        LEFT JOIN messages m ON m.id = r.assistant_message_id AND m.status = 'streaming'
        WHERE c.id = ANY(@ids)
        """;

    /// <summary>With deleted ones: a condition would have a new database read a partial index whole.</summary>
    private const string VersionsSql =
        """
        SELECT
            c.id AS Id,
            c.owner_id AS OwnerId,
            c.last_seq AS LastSeq,
            c.updated_at AS UpdatedAt,
            c.deleted_at IS NOT NULL AS Deleted
        FROM conversations c
        WHERE c.id = ANY(@ids)
        """;
}
