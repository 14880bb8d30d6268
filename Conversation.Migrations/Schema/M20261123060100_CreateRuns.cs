using FluentMigrator;

namespace Conversation.Migrations.Schema;

/// <summary>Runs: durable work for a user message, claimed under a lease and fenced by <c>attempt</c>.</summary>
[Migration(20261123060100)]
public sealed class M20261123060100_CreateRuns : Migration
{
    /// <inheritdoc />
    public override void Up()
    {
        Create.Table("runs")
            .WithColumn("id").AsGuid().PrimaryKey("pk_runs")
            .WithColumn("conversation_id").AsGuid().NotNullable()
                .ForeignKey("fk_runs_conversation", "conversations", "id").OnDelete(System.Data.Rule.Cascade)
            .WithColumn("seq").AsInt64().NotNullable()
            .WithColumn("trigger_message_id").AsGuid().NotNullable()
            .WithColumn("assistant_message_id").AsGuid().Nullable()
            .WithColumn("runtime").AsCustom("text").NotNullable()
            .WithColumn("agent").AsCustom("text").Nullable()
            .WithColumn("status").AsCustom("text").NotNullable()
            .WithColumn("attempt").AsInt32().NotNullable()
            .WithColumn("lease_owner").AsGuid().Nullable()
            .WithColumn("lease_until").AsDateTimeOffset().Nullable()
            .WithColumn("resume_token").AsCustom("text").Nullable()
            // How much of the answer was kept when the token was said, in UTF-16 code units.
            .WithColumn("resume_offset").AsInt32().NotNullable().WithDefaultValue(0)
            .WithColumn("cancel_outcome").AsCustom("text").Nullable()
            .WithColumn("error_code").AsCustom("text").Nullable()
            .WithColumn("error_detail").AsCustom("text").Nullable()
            .WithColumn("usage").AsCustom("jsonb").Nullable()
            .WithColumn("queued_at").AsDateTimeOffset().NotNullable()
            .WithColumn("started_at").AsDateTimeOffset().Nullable()
            .WithColumn("finished_at").AsDateTimeOffset().Nullable();
        Execute.Sql(
            "ALTER TABLE runs ADD CONSTRAINT ck_runs_status "
            + "CHECK (status IN ('queued', 'running', 'cancelling', 'completed', 'failed', 'cancelled'))");
        Execute.Sql(
            "ALTER TABLE runs ADD CONSTRAINT ck_runs_cancel_outcome "
            + "CHECK (cancel_outcome IN ('confirmed', 'unconfirmed', 'unsupported'))");

        // The rule itself, not only an index: one active run in a conversation.
        Execute.Sql("CREATE UNIQUE INDEX ux_runs_active ON runs (conversation_id) WHERE status IN ('running', 'cancelling')");
        Execute.Sql("CREATE INDEX ix_runs_queued ON runs (conversation_id, seq) WHERE status = 'queued'");
        Execute.Sql("CREATE INDEX ix_runs_lease ON runs (lease_until) WHERE status IN ('running', 'cancelling')");
        Execute.Sql("CREATE INDEX ix_runs_conversation ON runs (conversation_id, seq)");
    }

    /// <inheritdoc />
    public override void Down() => Delete.Table("runs");
}
