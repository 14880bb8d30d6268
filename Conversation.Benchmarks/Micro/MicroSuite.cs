using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;

namespace Conversation.Benchmarks.Micro;

/// <summary>Runs the small measurements by BenchmarkDotNet, inside this process: nothing is built, so every checkout can.</summary>
internal static class MicroSuite
{
    public static Task RunAsync(Bench bench)
    {
        var job = bench.Duration < TimeSpan.FromSeconds(5) ? Job.Dry : Job.ShortRun;
        var config = ManualConfig.CreateEmpty()
            .AddJob(job.WithToolchain(InProcessNoEmitToolchain.Instance))
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(NullLogger.Instance)
            .WithArtifactsPath(Path.Combine(Results.Root, "artifacts", "micro"));
        var summaries = BenchmarkRunner.Run([typeof(FeedBenchmarks), typeof(JsonBenchmarks)], config);
        var reports = summaries.SelectMany(summary => summary.Reports).ToList();
        foreach (var report in reports.Where(report => report.Success))
        {
            Note(bench, report);
        }

        return reports.Count > 0 && reports.All(report => report.Success)
            ? Task.CompletedTask
            : throw new InvalidOperationException(
                string.Join(' ', summaries.SelectMany(summary => summary.ValidationErrors).Select(error => error.Message)));
    }

    private static void Note(Bench bench, BenchmarkReport report)
    {
        var what = report.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo;
        bench.Note(new Reading(what, Subject.Service, "time", report.ResultStatistics!.Mean, "ns"));
        bench.Note(new Reading(what, Subject.Service, "allocated", report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0, "bytes"));
    }
}
