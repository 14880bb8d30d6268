using FluentMigrator;

namespace Conversation.Migrations.Schema;

/// <summary>Conversations; <c>last_seq</c> is the head of each one's log.</summary>
[Migration(20261123060000)]
public sealed class M20261123060000_CreateConversations : Migration
{
    /// <inheritdoc />
    public override void Up()
    {
        Create.Table("conversations")
            .WithColumn("id").AsGuid().PrimaryKey("pk_conversations")
            .WithColumn("owner_id").AsGuid().Nullable()
            .WithColumn("title").AsCustom("text").Nullable()
            // json, not jsonb: what was sent comes back, numbers and order of keys included.
            .WithColumn("metadata").AsCustom("json").Nullable()
            .WithColumn("status").AsCustom("text").NotNullable()
            .WithColumn("on_busy").AsCustom("text").NotNullable()
            // The agent that was chosen for it, and the name by which a runtime with a memory of its own knows it.
            .WithColumn("agent").AsCustom("text").Nullable()
            .WithColumn("session_id").AsGuid().NotNullable().WithDefaultValue(RawSql.Insert("gen_random_uuid()"))
            .WithColumn("last_seq").AsInt64().NotNullable()
            .WithColumn("created_at").AsDateTimeOffset().NotNullable()
            .WithColumn("updated_at").AsDateTimeOffset().NotNullable()
            .WithColumn("deleted_at").AsDateTimeOffset().Nullable();
        Execute.Sql("ALTER TABLE conversations ADD CONSTRAINT ck_conversations_title CHECK (char_length(title) <= 255)");
        Execute.Sql(
            "ALTER TABLE conversations ADD CONSTRAINT ck_conversations_on_busy "
            + "CHECK (on_busy IN ('enqueue', 'reject', 'interrupt', 'coalesce'))");

        // Lists: the caller's (or, for machines, everybody's), latest activity first.
        Execute.Sql(
            "CREATE INDEX ix_conversations_owner_activity ON conversations (owner_id, updated_at DESC, id DESC) WHERE deleted_at IS NULL");
        Execute.Sql("CREATE INDEX ix_conversations_activity ON conversations (updated_at DESC, id DESC) WHERE deleted_at IS NULL");
    }

    /// <inheritdoc />
    public override void Down() => Delete.Table("conversations");
}
