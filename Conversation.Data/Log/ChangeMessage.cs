using Conversation.Data.Access;
using Npgsql;

namespace Conversation.Data.Log;

/// <summary>Edits what is not null here, or deletes the message. One that is being generated can be neither: it matches nothing.</summary>
public sealed record ChangeMessage : LogWrite<Changed>
{
    /// <summary>Who changes.</summary>
    public required Caller Caller { get; init; }

    /// <summary>Which message.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>The new text; null leaves it.</summary>
    public string? Content { get; init; }

    /// <summary>The new metadata, a JSON object as text; null leaves it.</summary>
    public string? Metadata { get; init; }

    /// <summary>True to delete; only its events remember it.</summary>
    public bool Delete { get; init; }

    internal override LogItem<Changed> ToItem() => new LogItem<ChangeMessage, Changed>(this, Statement.Instance)
    {
        ConflictKey = (typeof(ChangeMessage), MessageId),
    };

    private sealed class Statement : LogStatement<ChangeMessage, Changed>
    {
        public static Statement Instance { get; } = new();

        private const string Sql =
            """
            WITH allowed AS (
                SELECT i.*, c.last_seq, 1 AS events, clock_timestamp() AS at
                FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::boolean[]) AS i(
                    ord, write_id, conversation_id, reach, message_id, content, metadata, deleted)
                CROSS JOIN LATERAL (SELECT * FROM conversations WHERE id = i.conversation_id OFFSET 0) c
                JOIN messages m ON m.id = i.message_id AND m.conversation_id = i.conversation_id
                WHERE c.deleted_at IS NULL
                    AND (i.reach IS NULL OR c.owner_id = i.reach)
                    AND m.deleted_at IS NULL
                    AND m.status <> 'streaming'
            ),
            """ + LogSql.TakeNumbersInNewSession + """
            ,
            changed AS (
                UPDATE messages m
                SET content = CASE WHEN n.deleted THEN '' ELSE coalesce(n.content, m.content) END,
                    metadata = CASE WHEN n.deleted THEN NULL ELSE coalesce(n.metadata::json, m.metadata) END,
                    deleted_at = CASE WHEN n.deleted THEN n.at END,
                    updated_at = n.at
                FROM numbered n
                WHERE m.id = n.message_id
            ),
            logged AS (
                INSERT INTO conversation_events (conversation_id, seq, type, message_id, write_id, created_at)
                SELECT
                    conversation_id, base + 1, CASE WHEN deleted THEN 'message.deleted' ELSE 'message.updated' END,
                    message_id, write_id, at
                FROM numbered
            )
            SELECT ord, base + 1, at
            FROM numbered
            """;

        public override Changed Read(NpgsqlDataReader row, ChangeMessage write) => new(row.GetInt64(1), row.GetDateTime(2));

        public override Changed Recover(Changed found, ChangeMessage write) => found;

        protected override NpgsqlBatchCommand Bind(Columns<ChangeMessage> columns) => columns
            .Add(write => write.WriteId)
            .Add(write => write.ConversationId)
            .Add(write => write.Caller.Reach)
            .Add(write => write.MessageId)
            .Add(write => write.Content)
            .Add(write => write.Metadata)
            .Add(write => write.Delete)
            .ToCommand(Sql);
    }
}
