using System.Diagnostics.Metrics;
using Conversation.Data.Housekeeping;
using Conversation.Data.Runs;
using Conversation.Data.Telemetry;

namespace Conversation.Api.Housekeeping;

/// <summary>What the database holds: the same on every node, so take one of them, not the sum.</summary>
internal sealed class HousekeepingMetrics
{
    private readonly Counter<long> _deleted;
    private volatile IReadOnlyList<RunsInState> _runs = [];
    private volatile IReadOnlyList<TableSize> _tables = [];

    public HousekeepingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(TelemetryNames.Meter);
        meter.CreateObservableGauge(
            "conversation.runs", () => _runs.Select(state => Of(state.Runs, "status", state.Status)), "{run}", "Runs of all nodes that have not ended, by state.");
        meter.CreateObservableGauge(
            "conversation.runs.queue.age",
            () => _runs.Where(state => state.Status == RunStatus.Queued).Select(state => new Measurement<double>(state.OldestSeconds)),
            "s",
            "How long the oldest waiting run has waited.");
        meter.CreateObservableGauge(
            "conversation.table.size", () => _tables.Select(table => Of(table.Bytes, "table", table.Name)), "By", "Bytes of a table with its indexes.");
        meter.CreateObservableGauge(
            "conversation.table.rows", () => _tables.Select(table => Of(table.Rows, "table", table.Name)), "{row}", "Rows of a table, as the planner estimates.");
        _deleted = meter.CreateCounter<long>("conversation.housekeeping.deleted", "{row}", "Rows that were tidied up, by what they belonged to.");
    }

    public void Saw(IReadOnlyList<RunsInState> runs, IReadOnlyList<TableSize> tables) => (_runs, _tables) = (runs, tables);

    public void Deleted(string what, int rows) => _deleted.Add(rows, new KeyValuePair<string, object?>("what", what));

    private static Measurement<long> Of(long value, string tag, string name) => new(value, new KeyValuePair<string, object?>(tag, name));
}
