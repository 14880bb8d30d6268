using FluentMigrator;

namespace Conversation.Migrations.Schema;

/// <summary>Checkpoints of text that is still being generated; deleted when its message ends.</summary>
[Migration(20261123060300)]
public sealed class M20261123060300_CreateMessageChunks : Migration
{
    /// <inheritdoc />
    public override void Up() => Create.Table("message_chunks")
        .WithColumn("message_id").AsGuid().NotNullable().PrimaryKey("pk_message_chunks")
            .ForeignKey("fk_message_chunks_message", "messages", "id").OnDelete(System.Data.Rule.Cascade)
        .WithColumn("attempt").AsInt32().NotNullable().PrimaryKey("pk_message_chunks")
        .WithColumn("from_offset").AsInt32().NotNullable().PrimaryKey("pk_message_chunks")
        .WithColumn("text").AsCustom("text").NotNullable();

    /// <inheritdoc />
    public override void Down() => Delete.Table("message_chunks");
}
