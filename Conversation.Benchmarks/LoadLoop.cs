using HdrHistogram;

namespace Conversation.Benchmarks;

/// <summary>Workers that do a thing over and over, each as fast as it is answered.</summary>
internal static class LoadLoop
{
    public static LongHistogram NewHistogram() => new(TimeStamp.Minutes(2), 3);

    /// <summary>How long each time took, in nanoseconds.</summary>
    public static async Task<LongHistogram> DriveAsync(int workers, TimeSpan duration, Func<int, Task> act)
    {
        var all = NewHistogram();
        var started = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, workers).Select(async worker =>
        {
            var own = NewHistogram();
            while (TimeProvider.System.GetElapsedTime(started) < duration)
            {
                var sent = TimeProvider.System.GetTimestamp();
                await act(worker);
                own.RecordValue(Nanoseconds(sent));
            }

            lock (all)
            {
                all.Add(own);
            }
        }));
        return all;
    }

    /// <summary>Warms up, measures, and gives the figures.</summary>
    public static async Task<Figures> MeasureAsync(string what, Measurement run, int workers, Func<int, Task> act)
    {
        await DriveAsync(workers, run.WarmUp, act);
        var before = run.Cpu.Read();
        var started = TimeProvider.System.GetTimestamp();
        var latencies = await DriveAsync(workers, run.Duration, act);
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        return Figures.From(what, run, latencies, seconds, before, run.Cpu.Read());
    }

    public static long Nanoseconds(long since) => Math.Max((long)TimeProvider.System.GetElapsedTime(since).TotalNanoseconds, 1);
}
