using FluentMigrator;

namespace Conversation.Migrations.Schema;

/// <summary>Messages, ordered in their conversation by the <c>seq</c> of the event that made them.</summary>
[Migration(20261123060200)]
public sealed class M20261123060200_CreateMessages : Migration
{
    /// <inheritdoc />
    public override void Up()
    {
        Create.Table("messages")
            .WithColumn("id").AsGuid().PrimaryKey("pk_messages")
            .WithColumn("conversation_id").AsGuid().NotNullable()
                .ForeignKey("fk_messages_conversation", "conversations", "id").OnDelete(System.Data.Rule.Cascade)
            .WithColumn("seq").AsInt64().NotNullable()
            .WithColumn("role").AsCustom("text").NotNullable()
            .WithColumn("content").AsCustom("text").NotNullable()
            .WithColumn("metadata").AsCustom("json").Nullable()
            .WithColumn("status").AsCustom("text").NotNullable()
            .WithColumn("finish_reason").AsCustom("text").Nullable()
            .WithColumn("run_id").AsGuid().Nullable()
            .WithColumn("attempt").AsInt32().NotNullable()
            // What every earlier attempt and this one have in common, in UTF-16 code units.
            .WithColumn("keep").AsInt32().NotNullable().WithDefaultValue(0)
            .WithColumn("created_at").AsDateTimeOffset().NotNullable()
            .WithColumn("updated_at").AsDateTimeOffset().NotNullable()
            .WithColumn("deleted_at").AsDateTimeOffset().Nullable();
        Create.Index("ux_messages_seq").OnTable("messages")
            .OnColumn("conversation_id").Ascending()
            .OnColumn("seq").Ascending()
            .WithOptions().Unique();
        Execute.Sql("ALTER TABLE messages ADD CONSTRAINT ck_messages_role CHECK (role IN ('user', 'assistant', 'system'))");
        Execute.Sql(
            "ALTER TABLE messages ADD CONSTRAINT ck_messages_status "
            + "CHECK (status IN ('stored', 'streaming', 'completed', 'interrupted', 'superseded'))");
    }

    /// <inheritdoc />
    public override void Down() => Delete.Table("messages");
}
