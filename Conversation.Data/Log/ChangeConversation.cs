using Conversation.Data.Access;
using Npgsql;

namespace Conversation.Data.Log;

/// <summary>Changes what is not null here, or deletes the conversation and ends its runs.</summary>
public sealed record ChangeConversation : LogWrite<Changed>
{
    /// <summary>Who changes.</summary>
    public required Caller Caller { get; init; }

    /// <summary>The new title; null leaves it.</summary>
    public string? Title { get; init; }

    /// <summary>The new metadata, a JSON object as text; null leaves it.</summary>
    public string? Metadata { get; init; }

    /// <summary>The new status; null leaves it.</summary>
    public string? Status { get; init; }

    /// <summary>The new behaviour towards sends during a run; null leaves it.</summary>
    public string? OnBusy { get; init; }

    /// <summary>True to mark the conversation deleted; its rows go later.</summary>
    public bool Delete { get; init; }

    internal override LogItem<Changed> ToItem() => new LogItem<ChangeConversation, Changed>(this, Statement.Instance)
    {
        ConflictKey = (typeof(ChangeConversation), ConversationId),
    };

    private sealed class Statement : LogStatement<ChangeConversation, Changed>
    {
        public static Statement Instance { get; } = new();

        // One UPDATE moves the head and sets the fields: two of the same row in one statement would be one too many.
        private const string Sql =
            """
            WITH changed AS (
                UPDATE conversations c
                SET title = coalesce(i.title, c.title),
                    metadata = coalesce(i.metadata::json, c.metadata),
                    status = coalesce(i.status, c.status),
                    on_busy = coalesce(i.on_busy, c.on_busy),
                    deleted_at = CASE WHEN i.deleted THEN clock_timestamp() END,
                    updated_at = clock_timestamp(),
                    last_seq = c.last_seq + 1
                FROM unnest(
                    $1::int[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::boolean[]) AS i(
                    ord, write_id, conversation_id, reach, title, metadata, status, on_busy, deleted)
                CROSS JOIN LATERAL (SELECT * FROM conversations WHERE id = i.conversation_id OFFSET 0) h
                WHERE c.id = i.conversation_id AND h.deleted_at IS NULL AND (i.reach IS NULL OR h.owner_id = i.reach)
                RETURNING i.ord, i.write_id, i.deleted, c.id, c.last_seq, c.updated_at
            ),
            ended AS (
                UPDATE runs r
                SET status = 'cancelled', finished_at = c.updated_at, lease_owner = NULL, lease_until = NULL
                FROM changed c
                WHERE c.deleted AND r.conversation_id = c.id AND r.status IN ('queued', 'running', 'cancelling')
            ),
            logged AS (
                INSERT INTO conversation_events (conversation_id, seq, type, write_id, created_at)
                SELECT
                    id, last_seq, CASE WHEN deleted THEN 'conversation.deleted' ELSE 'conversation.updated' END, write_id, updated_at
                FROM changed
            )
            SELECT ord, last_seq, updated_at
            FROM changed
            """;

        public override Changed Read(NpgsqlDataReader row, ChangeConversation write) => new(row.GetInt64(1), row.GetDateTime(2));

        public override Changed Recover(Changed found, ChangeConversation write) => found;

        protected override NpgsqlBatchCommand Bind(Columns<ChangeConversation> columns) => columns
            .Add(write => write.WriteId)
            .Add(write => write.ConversationId)
            .Add(write => write.Caller.Reach)
            .Add(write => write.Title)
            .Add(write => write.Metadata)
            .Add(write => write.Status)
            .Add(write => write.OnBusy)
            .Add(write => write.Delete)
            .ToCommand(Sql);
    }
}

/// <summary>The answer to a change.</summary>
/// <param name="Seq">The number of its event.</param>
/// <param name="At">When it was stored, UTC.</param>
public sealed record Changed(long Seq, DateTime At);
