using System.Diagnostics.Metrics;
using Conversation.Data.Telemetry;

namespace Conversation.Api.Feed;

/// <summary>Who follows here, by door, and how soon they see what is said.</summary>
internal sealed class FeedMetrics
{
    private readonly UpDownCounter<int> _followers;
    private readonly Histogram<double> _latency;
    private readonly Counter<long> _ranges;
    private readonly Counter<long> _merged;
    private readonly Counter<long> _collapsed;

    public FeedMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(TelemetryNames.Meter);
        _followers = meter.CreateUpDownCounter<int>("conversation.followers", "{follower}", "Followers of conversations, by door.");
        _latency = meter.CreateHistogram(
            "conversation.chunk.latency",
            "s",
            "From the runtime's word to a follower's socket, the roll-up included.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
            });
        _ranges = meter.CreateCounter<long>("conversation.ranges.sent", "{range}", "Ranges of text that were sent.");
        _merged = meter.CreateCounter<long>(
            "conversation.ranges.merged", "{range}", "Of those, the ones that hold several steps, because the follower was slow or late.");
        _collapsed = meter.CreateCounter<long>(
            "conversation.ranges.collapsed", "{page}", "Pages of the log read for followers so far behind that memory did not hold it any more.");
    }

    public void Began(string door) => _followers.Add(1, new KeyValuePair<string, object?>("door", door));

    public void Left(string door) => _followers.Add(-1, new KeyValuePair<string, object?>("door", door));

    public void PageRead() => _collapsed.Add(1);

    /// <summary>The door asks for the next frame: this one is on its way.</summary>
    public void Sent(FeedFrame frame)
    {
        if (frame is not DeltaFrame delta)
        {
            return;
        }

        _ranges.Add(1);
        if (delta.IsMerged)
        {
            _merged.Add(1);
        }

        if (delta.SaidAt != 0)
        {
            _latency.Record(TimeProvider.System.GetElapsedTime(delta.SaidAt).TotalSeconds);
        }
    }
}
