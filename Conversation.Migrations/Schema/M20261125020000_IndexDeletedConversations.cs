using FluentMigrator;

namespace Conversation.Migrations.Schema;

/// <summary>Finds the conversations whose rows are to go, without looking at those that stay.</summary>
[Migration(20261125020000)]
public sealed class M20261125020000_IndexDeletedConversations : Migration
{
    /// <inheritdoc />
    public override void Up() => Execute.Sql(
        "CREATE INDEX ix_conversations_deleted ON conversations (deleted_at) WHERE deleted_at IS NOT NULL");

    /// <inheritdoc />
    public override void Down() => Delete.Index("ix_conversations_deleted").OnTable("conversations");
}
