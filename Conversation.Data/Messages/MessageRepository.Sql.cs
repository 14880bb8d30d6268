namespace Conversation.Data.Messages;

public sealed partial class MessageRepository
{
    /// <summary>A streaming message shows its checkpoints: its own content is written once, at the end.</summary>
    private const string Columns =
        """
        SELECT
            m.id AS Id,
            m.conversation_id AS ConversationId,
            m.seq AS Seq,
            m.role AS Role,
            CASE
                WHEN m.status = 'streaming' THEN coalesce(
                    (
                        SELECT string_agg(k.text, '' ORDER BY k.from_offset)
                        FROM message_chunks k
                        WHERE k.message_id = m.id AND k.attempt = m.attempt),
                    '')
                ELSE m.content
            END AS Content,
            m.metadata AS Metadata,
            m.status AS Status,
            m.finish_reason AS FinishReason,
            m.run_id AS RunId,
            m.created_at AS CreatedAt,
            m.updated_at AS UpdatedAt
        FROM messages m

        """;

    /// <summary>
    /// Decided once, before any row is read, so that the messages come in the order of their index.
    /// </summary>
    private const string Reachable =
        """
        WHERE EXISTS (
            SELECT
            FROM conversations c
            WHERE c.id = @conversationId
                AND c.deleted_at IS NULL
                AND (@reach::uuid IS NULL OR c.owner_id = @reach))

        """;

    private const string FindSql = Columns + Reachable +
        """
            AND m.id = @id
            AND m.conversation_id = @conversationId
            AND m.deleted_at IS NULL
        """;

    private const string FindLastSql = Columns + Reachable +
        """
            AND m.conversation_id = @conversationId
            AND m.role = @role
            AND m.deleted_at IS NULL
        ORDER BY m.seq DESC
        LIMIT 1
        """;

    /// <summary>
    /// What an agent is to know when it answers a message: what stands before it, and the answers to that, although they may have been
    /// written later, because the message was sent while they were being made.
    /// </summary>
    private const string ContextSql = Columns +
        """
        WHERE m.conversation_id = @conversationId
            AND m.seq > @after
            AND m.deleted_at IS NULL
            AND m.status <> 'superseded'
            AND (
                m.seq < @trigger
                OR (m.role = 'assistant' AND EXISTS (
                    SELECT
                    FROM runs r
                    JOIN messages t ON t.id = r.trigger_message_id
                    WHERE r.id = m.run_id AND t.seq < @trigger)))
        ORDER BY m.seq
        LIMIT @limit::int
        """;

    /// <summary>
    /// A message, and those that were coalesced into it, or into one of them: the send that put runs aside has said so in the events between
    /// its message and its first run. A later run of it stands far behind, and what was put aside in between is not its own. Each message
    /// once, by however many runs it was put aside.
    /// </summary>
    private const string AskedSql =
        """
        WITH RECURSIVE asked AS (
            SELECT t.id, t.seq, r.seq AS queued
            FROM messages t
            JOIN runs r ON r.id = t.run_id
            WHERE t.id = @trigger
            UNION
            SELECT t.id, t.seq, f.seq
            FROM asked a
            JOIN conversation_events e ON e.conversation_id = @conversationId
                AND e.seq > a.seq
                AND e.seq < a.queued
                AND e.type = 'run.cancelled'
                AND e.data ->> 'reason' = 'coalesce'
            JOIN runs r ON r.id = e.run_id
            JOIN messages t ON t.id = r.trigger_message_id
            -- None where the message was only stored, and had its first run asked for later.
            LEFT JOIN runs f ON f.id = t.run_id
        )

        """ + Columns +
        """
        JOIN asked a ON a.id = m.id
        WHERE m.deleted_at IS NULL
        ORDER BY m.seq DESC
        """;

    private const string InRange = Reachable +
        """
            AND m.conversation_id = @conversationId
            AND m.seq > @after
            AND m.seq < @before
            AND m.deleted_at IS NULL
            AND (@superseded OR m.status <> 'superseded')

        """;

    private const string OldestFirstSql = Columns + InRange +
        """
        ORDER BY m.seq
        LIMIT @limit::int
        """;

    private const string NewestFirstSql = Columns + InRange +
        """
        ORDER BY m.seq DESC
        LIMIT @limit::int
        """;
}
