using FluentMigrator;

namespace Conversation.Migrations.Schema;

/// <summary>
/// Finds the run that has waited longest, whoever's it is. What waits has not ended; that this says so too keeps it from statements which look
/// for the runs of one conversation: to a planner that believes that none waits, this index is as good for them as their own.
/// </summary>
[Migration(20261126210000)]
public sealed class M20261126210000_IndexWaitingRuns : Migration
{
    /// <inheritdoc />
    public override void Up() => Execute.Sql(
        "CREATE INDEX ix_runs_waiting ON runs (queued_at) WHERE status = 'queued' AND finished_at IS NULL");

    /// <inheritdoc />
    public override void Down() => Delete.Index("ix_runs_waiting").OnTable("runs");
}
