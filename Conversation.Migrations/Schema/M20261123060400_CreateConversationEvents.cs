using FluentMigrator;

namespace Conversation.Migrations.Schema;

/// <summary>The log: every durable change of a conversation, dense from 1.</summary>
[Migration(20261123060400)]
public sealed class M20261123060400_CreateConversationEvents : Migration
{
    /// <inheritdoc />
    public override void Up() => Create.Table("conversation_events")
        .WithColumn("conversation_id").AsGuid().NotNullable().PrimaryKey("pk_conversation_events")
            .ForeignKey("fk_conversation_events_conversation", "conversations", "id").OnDelete(System.Data.Rule.Cascade)
        .WithColumn("seq").AsInt64().NotNullable().PrimaryKey("pk_conversation_events")
        .WithColumn("type").AsCustom("text").NotNullable()
        .WithColumn("message_id").AsGuid().Nullable()
        .WithColumn("run_id").AsGuid().Nullable()
        .WithColumn("data").AsCustom("jsonb").Nullable()
        // Which write it belongs to: what is looked up when a connection died between COMMIT and its reply.
        .WithColumn("write_id").AsGuid().NotNullable()
        .WithColumn("created_at").AsDateTimeOffset().NotNullable();

    /// <inheritdoc />
    public override void Down() => Delete.Table("conversation_events");
}
