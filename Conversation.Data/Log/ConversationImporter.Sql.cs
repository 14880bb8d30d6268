namespace Conversation.Data.Log;

public sealed partial class ConversationImporter
{
    private const string BeginSql =
        """
        INSERT INTO conversations (id, owner_id, title, metadata, status, on_busy, last_seq, created_at, updated_at)
        VALUES ($1, $2, $3, $4::json, $5, $6, 0, $7, now())
        RETURNING updated_at
        """;

    /// <summary>Each message with the event that an ordinary send would have written.</summary>
    private const string AddSql =
        """
        WITH stored AS (
            INSERT INTO messages (
                id, conversation_id, seq, role, content, metadata, status, finish_reason, attempt, created_at, updated_at)
            SELECT
                i.id, $9, $10 + i.nth, i.role, i.content, i.metadata::json, i.status, i.finish_reason, 1,
                i.created_at, i.updated_at
            FROM unnest(
                $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[])
                WITH ORDINALITY AS i(id, role, content, metadata, status, finish_reason, created_at, updated_at, nth)
            RETURNING id, seq
        )
        INSERT INTO conversation_events (conversation_id, seq, type, message_id, write_id, created_at)
        SELECT $9, seq, 'message.created', id, $11, now()
        FROM stored
        """;

    private const string EndSql =
        """
        UPDATE conversations
        SET last_seq = $2
        WHERE id = $1
        """;
}
