using System.Diagnostics.Metrics;
using Conversation.Data.Telemetry;

namespace Conversation.Api.AgentRuns;

/// <summary>How this node's runs do. How many wait in the whole service is told by the housekeeper, who asks the database.</summary>
internal sealed class RunMetrics
{
    private readonly UpDownCounter<int> _active;
    private readonly Counter<long> _started;
    private readonly Counter<long> _ended;
    private long _leaseLosses;
    private long _expired;

    public RunMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(TelemetryNames.Meter);
        _active = meter.CreateUpDownCounter<int>("conversation.runs.active", "{run}", "Runs that this node works on.");
        _started = meter.CreateCounter<long>("conversation.runs.started", "{run}", "Claims of runs by this node.");
        _ended = meter.CreateCounter<long>("conversation.runs.ended", "{run}", "Runs that this node ended, by their last state.");
        // Asked for at each look, so that the series are there, at 0, before the first accident: to Prometheus one that begins at 1 has not
        // risen. A counter's first 0 would be said before anybody listens.
        meter.CreateObservableCounter(
            "conversation.runs.lease.losses", () => Volatile.Read(ref _leaseLosses), "{run}", "Runs that this node lost to another.");
        meter.CreateObservableCounter(
            "conversation.runs.lease.expiries",
            () => Volatile.Read(ref _expired),
            "{run}",
            "Runs of other nodes, or of this one, found abandoned.");
    }

    public void Began()
    {
        _started.Add(1);
        _active.Add(1);
    }

    public void Left() => _active.Add(-1);

    public void Ended(string status) => _ended.Add(1, new KeyValuePair<string, object?>("status", status));

    public void LeaseLost() => Interlocked.Increment(ref _leaseLosses);

    public void Expired() => Interlocked.Increment(ref _expired);
}
