using System.Globalization;
using HdrHistogram;

namespace Conversation.Benchmarks;

/// <summary>A single number that was measured.</summary>
/// <param name="What">Under which circumstances.</param>
/// <param name="Subject">Of whom.</param>
/// <param name="Quantity">Which.</param>
/// <param name="Value">The number.</param>
/// <param name="Unit">Its unit.</param>
internal sealed record Reading(string What, string Subject, string Quantity, double Value, string Unit);

/// <summary>What one measurement of many operations gave.</summary>
internal sealed record Figures(string What, string Subject, double PerSecond, double P50, double P99, double ServiceCpu, double PostgresCpu, double DriverCpu)
{
    /// <summary>Resident memory of the service at the end.</summary>
    public long ServiceMebibytes { get; init; }

    private const double NanosecondsPerMillisecond = 1_000_000;

    public static string Header =>
        "| what | subject | per second | p50 ms | p99 ms | CPU us: service | PostgreSQL | service + PostgreSQL | driver | service MiB |\n"
        + "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |";

    public static Figures From(
        string what,
        Measurement run,
        HistogramBase latencies,
        double seconds,
        (double Service, double Postgres, double Driver) before,
        (double Service, double Postgres, double Driver) after)
    {
        var count = latencies.TotalCount;
        double Micros(double from, double to) => (to - from) * 1_000_000 / count;
        return new Figures(
            what,
            run.Subject.Name,
            count / seconds,
            latencies.GetValueAtPercentile(50) / NanosecondsPerMillisecond,
            latencies.GetValueAtPercentile(99) / NanosecondsPerMillisecond,
            Micros(before.Service, after.Service),
            Micros(before.Postgres, after.Postgres),
            Micros(before.Driver, after.Driver))
        {
            ServiceMebibytes = run.ResidentMebibytes,
        };
    }

    /// <summary>Processor time of service and database for one operation, in microseconds.</summary>
    public double Cpu => ServiceCpu + PostgresCpu;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"| {What} | {Subject} | {PerSecond:F0} | {P50:F2} | {P99:F2} | {ServiceCpu:F0} | {PostgresCpu:F0} | {Cpu:F0} | {DriverCpu:F0} | {ServiceMebibytes} |");
}
