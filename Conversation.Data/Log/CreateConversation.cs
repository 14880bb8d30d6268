using Npgsql;

namespace Conversation.Data.Log;

/// <summary>Makes a conversation with an empty log.</summary>
public sealed record CreateConversation : LogWrite<CreatedConversation>
{
    /// <summary>Whose it is; null for one that only machines reach.</summary>
    public Guid? OwnerId { get; init; }

    /// <summary>At most 255 characters.</summary>
    public string? Title { get; init; }

    /// <summary>A JSON object as text.</summary>
    public string? Metadata { get; init; }

    internal override LogItem<CreatedConversation> ToItem() => new LogItem<CreateConversation, CreatedConversation>(this, Statement.Instance)
    {
        LocksConversation = false,
    };

    private sealed class Statement : LogStatement<CreateConversation, CreatedConversation>
    {
        public static Statement Instance { get; } = new();

        private const string Sql =
            """
            INSERT INTO conversations (id, owner_id, title, metadata, status, on_busy, last_seq, created_at, updated_at)
            SELECT i.id, i.owner_id, i.title, i.metadata::json, 'pending', 'enqueue', 0, t.at, t.at
            FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::text[], $5::text[]) AS i(ord, id, owner_id, title, metadata)
            CROSS JOIN (SELECT clock_timestamp() AS at) t
            -- Sent again after a lost reply: the first one counts.
            ON CONFLICT (id) DO UPDATE SET id = excluded.id
            RETURNING array_position($2::uuid[], id) - 1, created_at
            """;

        public override CreatedConversation Read(NpgsqlDataReader row, CreateConversation write) => new(row.GetDateTime(1));

        public override CreatedConversation Recover(Changed found, CreateConversation write) => new(found.At);

        protected override NpgsqlBatchCommand Bind(Columns<CreateConversation> columns) => columns
            .Add(write => write.ConversationId)
            .Add(write => write.OwnerId)
            .Add(write => write.Title)
            .Add(write => write.Metadata)
            .ToCommand(Sql);
    }
}

/// <summary>The answer to <see cref="CreateConversation"/>.</summary>
/// <param name="At">When it was made, UTC.</param>
public sealed record CreatedConversation(DateTime At);
