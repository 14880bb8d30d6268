using FluentMigrator;

namespace Conversation.Migrations.Schema;

/// <summary>Keys of sends, so that a repeated one is answered and not stored again.</summary>
[Migration(20261123060500)]
public sealed class M20261123060500_CreateIdempotencyKeys : Migration
{
    /// <inheritdoc />
    public override void Up()
    {
        Create.Table("idempotency_keys")
            .WithColumn("conversation_id").AsGuid().NotNullable().PrimaryKey("pk_idempotency_keys")
                .ForeignKey("fk_idempotency_keys_conversation", "conversations", "id").OnDelete(System.Data.Rule.Cascade)
            .WithColumn("principal").AsCustom("text").NotNullable().PrimaryKey("pk_idempotency_keys")
            .WithColumn("key").AsCustom("text").NotNullable().PrimaryKey("pk_idempotency_keys")
            .WithColumn("request_hash").AsCustom("bytea").NotNullable()
            .WithColumn("message_id").AsGuid().NotNullable()
            .WithColumn("run_id").AsGuid().Nullable()
            .WithColumn("seq").AsInt64().NotNullable()
            .WithColumn("created_at").AsDateTimeOffset().NotNullable();
        Create.Index("ix_idempotency_keys_created_at").OnTable("idempotency_keys").OnColumn("created_at");
    }

    /// <inheritdoc />
    public override void Down() => Delete.Table("idempotency_keys");
}
