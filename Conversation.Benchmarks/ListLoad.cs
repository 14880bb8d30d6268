using HdrHistogram;
using Npgsql;

namespace Conversation.Benchmarks;

/// <summary>The last 50 of 10,000 messages, on 32 connections.</summary>
internal static class ListLoad
{
    private const int Connections = 32;
    private const int Messages = 10_000;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    public static async Task<Figures> RunAsync(Measurement run)
    {
        using var client = await LoadClient.CreateAsync(run, Connections);
        var conversation = (await client.ConversationsAsync(1))[0];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Messages),
            new ParallelOptions { MaxDegreeOfParallelism = Connections },
            async (_, _) => await client.PostAsync(conversation));
        // What autovacuum would do some time later: without figures the planner guesses, for both.
        await using (var source = NpgsqlDataSource.Create(run.ConnectionString))
        await using (var analyze = source.CreateCommand("ANALYZE"))
        {
            await analyze.ExecuteNonQueryAsync();
        }

        await DriveAsync(client, conversation, WarmUp);
        var before = run.Cpu.Read();
        var latencies = await DriveAsync(client, conversation, run.Duration);
        return Figures.From(
            "list the last 50 of 10,000", run, latencies, run.Duration.TotalSeconds, before, run.Cpu.Read());
    }

    private static async Task<HistogramBase> DriveAsync(LoadClient client, Guid conversation, TimeSpan duration)
    {
        var all = new LongHistogram(TimeStamp.Minutes(1), 3);
        var started = TimeProvider.System.GetTimestamp();
        var address = client.ListAddress(conversation);
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async _ =>
        {
            while (TimeProvider.System.GetElapsedTime(started) < duration)
            {
                var sent = TimeProvider.System.GetTimestamp();
                await client.Http.GetByteArrayAsync(address);
                lock (all)
                {
                    all.RecordValue((long)TimeProvider.System.GetElapsedTime(sent).TotalNanoseconds);
                }
            }
        }));
        return all;
    }
}
