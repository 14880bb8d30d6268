using System.Globalization;
using System.Text.Json;
using Npgsql;

namespace Conversation.Benchmarks;

/// <summary>
/// Half of the load that the machine could carry, for long: what grows although it should not? Memory, handles and connections of the
/// service must be flat, and tables grow only by what was written.
/// </summary>
internal static class Soak
{
    private const int Streams = 100;
    private const int Writers = 16;

    /// <summary>How much the second half may lie above the first before it is said to grow.</summary>
    private const double Flat = 1.1;

    /// <summary>One writer in so many sends each message under a key of its own.</summary>
    private const int OneWithKeys = 4;

    private const double Mebibyte = 1024 * 1024;

    private static readonly TimeSpan PostPause = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// The sets of answers are in new conversations, whose rows are kept (each with some 150 bytes of entries in the indexes); beyond them are
    /// the dead versions of those that are written to all the while, which vacuum has to keep within bounds.
    /// </summary>
    private const string Sizes =
        """
        SELECT
            (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND state <> 'idle'),
            (SELECT count(*) FROM messages),
            (SELECT count(*) FROM message_chunks k JOIN messages m ON m.id = k.message_id WHERE m.status <> 'streaming'),
            (SELECT count(*) FROM idempotency_keys),
            pg_total_relation_size('message_chunks'),
            pg_total_relation_size('runs'),
            pg_table_size('conversations') + pg_indexes_size('conversations'),
            pg_total_relation_size('messages') + pg_total_relation_size('conversation_events'),
            (SELECT count(*) FROM runs),
            (SELECT sum(pg_column_size(c) + 150) FROM conversations c)
        """;

    /// <summary>Keys are kept for two days, and a soak has less: those of a minute are made older than that, and housekeeping has to delete them.</summary>
    private const string AgeKeys =
        """
        UPDATE idempotency_keys
        SET created_at = created_at - interval '3 days'
        WHERE created_at BETWEEN now() - interval '1 day' AND now() - interval '1 minute'
        """;

    public static async Task<int> RunAsync(TimeSpan duration)
    {
        var results = new Results((int)duration.TotalSeconds, Machine.Words);
        var samples = new List<Sample>();
        await using (var bench = await Bench.StartAsync(results, duration))
        {
            await bench.ServiceAsync(async run => await SoakAsync(run, samples));
        }

        var (report, isFlat) = Judge(samples);
        Console.WriteLine(report);
        var folder = Directory.CreateDirectory(Path.Combine(Results.Root, "artifacts")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "soak.json"), JsonSerializer.Serialize(samples));
        await File.WriteAllTextAsync(
            Path.Combine(Results.Root, "docs", "soak.md"),
            $"# Soak\n\nMade by `dotnet run -c Release --project Conversation.Benchmarks -- soak {duration.TotalMinutes}` on {results.Machine}: "
            + $"{Streams} answers at 25 chunks a second with a follower each, and {Writers} writers, one in {OneWithKeys} of them with idempotency keys, "
            + $"which are made three days older after a minute, a day more than they are kept.\n\n{report}\n");
        return isFlat ? 0 : 1;
    }

    private static async Task SoakAsync(Measurement run, List<Sample> samples)
    {
        using var client = await LoadClient.CreateAsync(run, 64);
        var targets = await client.ConversationsAsync(Writers);
        await using var source = NpgsqlDataSource.Create(run.ConnectionString);
        var started = TimeProvider.System.GetTimestamp();
        using var over = new CancellationTokenSource(run.Duration, TimeProvider.System);
        var writing = targets.Select((target, i) => WriteAsync(client, target, i % OneWithKeys == 0, over.Token)).ToArray();
        var streaming = StreamAsync(run with { Duration = TimeSpan.FromSeconds(Math.Clamp(run.Duration.TotalSeconds / 10, 2, 20)) }, over.Token);
        using var pace = new PeriodicTimer(run.Duration / 40);
        while (!over.IsCancellationRequested)
        {
            await pace.WaitForNextTickAsync();
            await using (var age = source.CreateCommand(AgeKeys))
            {
                await age.ExecuteNonQueryAsync();
            }

            samples.Add(await SampleAsync(run, source, TimeProvider.System.GetElapsedTime(started)));
            await Console.Error.WriteLineAsync(samples[^1].ToString());
        }

        await Task.WhenAll([streaming, .. writing]);
    }

    private static async Task WriteAsync(LoadClient client, Guid target, bool withKeys, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            await (withKeys ? client.PostAsync(target, Guid.CreateVersion7()) : client.PostAsync(target));
            await Task.Delay(PostPause, TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>Answers of some seconds, one set after the other, each in new conversations.</summary>
    private static async Task StreamAsync(Measurement run, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            await RunsLoad.RunAsync(run, Streams);
        }
    }

    private static async Task<Sample> SampleAsync(Measurement run, NpgsqlDataSource source, TimeSpan at)
    {
        await using var command = source.CreateCommand(Sizes);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        var numbers = Enumerable.Range(0, reader.FieldCount).Select(reader.GetInt64).ToArray();
        run.Subject.Process.Refresh();
        return new Sample(
            at.TotalSeconds,
            run.ResidentBytes / (1024.0 * 1024),
            Directory.EnumerateFileSystemEntries($"/proc/{run.Subject.Process.Id}/fd").Count(),
            run.Subject.Process.Threads.Count,
            numbers);
    }

    private static (string Report, bool IsFlat) Judge(List<Sample> samples)
    {
        var rows = new List<string>();
        var isFlat = true;
        void Row(string what, Func<Sample, double> of, double slack = 0)
        {
            // The first quarter warms up; then the second is held against the last.
            var quarter = Math.Max(samples.Count / 4, 1);
            var middle = samples.Skip(quarter).Take(quarter).Average(of);
            var end = samples.TakeLast(quarter).Average(of);
            var flat = end <= (middle * Flat) + slack;
            isFlat &= flat;
            rows.Add(string.Create(CultureInfo.InvariantCulture, $"| {what} | {middle:F1} | {end:F1} | {(flat ? "flat" : "**growing**")} |"));
        }

        Row("resident memory, MiB", sample => sample.ResidentMebibytes);
        Row("open handles", sample => sample.Handles);
        Row("threads", sample => sample.Threads, slack: 1);
        // A sample is one moment of a pool: a few more or less are no growth.
        Row("connections to PostgreSQL at work", sample => sample.Database[0], slack: 3);
        Row("checkpoints of ended answers", sample => sample.Database[2]);
        Row("idempotency keys", sample => sample.Database[3]);
        Row("size of message_chunks, MiB", sample => sample.Database[4] / Mebibyte);
        Row("size of runs, bytes a run", sample => (double)sample.Database[5] / Math.Max(sample.Database[8], 1));
        Row("size of conversations with its indexes, MiB beyond what its rows take", sample => (sample.Database[6] - sample.Database[9]) / Mebibyte);
        Row("size of messages and events, bytes a message", sample => (double)sample.Database[7] / sample.Database[1]);
        return (
            string.Join('\n', ["| what | middle | end | so it is |", "| --- | ---: | ---: | --- |", .. rows]) + string.Create(
                CultureInfo.InvariantCulture, $"\n\n{samples[^1].Database[1]:N0} messages were written, {samples[^1].Database[8]:N0} answers streamed."),
            isFlat);
    }

    private sealed record Sample(double Seconds, double ResidentMebibytes, int Handles, int Threads, long[] Database)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{Seconds:F0} s: {ResidentMebibytes:F0} MiB, {Handles} handles, {Threads} threads, database {string.Join(' ', Database)}");
    }
}
