using FluentMigrator;

namespace Conversation.Migrations.Schema;

/// <summary>The trace of the request that asked for a run: whoever claims it later, on whichever node, goes on with it.</summary>
[Migration(20261125233000)]
public sealed class M20261125233000_KeepTraceOfRuns : Migration
{
    /// <inheritdoc />
    public override void Up()
    {
        // A W3C traceparent, null where the request had none.
        Alter.Table("runs").AddColumn("traceparent").AsCustom("text").Nullable();

        // Rows that are there have none, so none is read for this while the table is locked.
        Execute.Sql("ALTER TABLE runs ADD CONSTRAINT ck_runs_traceparent CHECK (char_length(traceparent) = 55) NOT VALID");
    }

    /// <inheritdoc />
    public override void Down() => Delete.Column("traceparent").FromTable("runs");
}
