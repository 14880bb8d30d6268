using System.Diagnostics.Metrics;
using Conversation.Data.Telemetry;

namespace Conversation.Data.Log;

/// <summary>How the log's writer does.</summary>
internal sealed class LogMetrics
{
    private readonly Histogram<int> _batch;
    private readonly Histogram<double> _wait;

    public LogMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(TelemetryNames.Meter);
        _batch = meter.CreateHistogram(
            "conversation.log.batch.size",
            "{write}",
            "Writes that shared a commit.",
            advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256] });
        _wait = meter.CreateHistogram(
            "conversation.log.wait",
            "s",
            "From a write's arrival to its durable commit.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
            });
    }

    /// <summary>A batch was committed.</summary>
    public void Committed(IReadOnlyList<LogItem> items)
    {
        if (items.Count == 0)
        {
            return;
        }

        _batch.Record(items.Count);
        foreach (var item in items)
        {
            _wait.Record(TimeProvider.System.GetElapsedTime(item.ArrivedAt).TotalSeconds);
        }
    }
}
