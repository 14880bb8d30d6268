using System.Net.WebSockets;
using HdrHistogram;

namespace Conversation.Benchmarks;

/// <summary>Followers on another node than the one that writes, with nothing between the two but PostgreSQL.</summary>
internal static class SecondNodeLoad
{
    public const string Events = "events, followers on another node";
    public const string Text = "text, followers on another node";
    public const string Step = "step between two ranges, p99";
    private const int Conversations = 20;
    private const int PerSecond = 10;

    public static async Task RunAsync(Bench bench)
    {
        await using var one = await Subject.StartServiceAsync(bench.ConnectionString);
        await using var two = await Subject.StartServiceAsync(bench.ConnectionString);
        var run = bench.Of(one, isBare: false) with { Others = [two.Process.Id] };
        bench.Note(await EventsAsync(run, two));
        var steps = LoadLoop.NewHistogram();
        bench.Note(await RunsLoad.RunAsync(run, Conversations, two, steps) with { What = Text });
        bench.Note(new Reading(Text, Subject.Service, Step, steps.GetValueAtPercentile(99) / 1_000_000.0, "ms"));
        bench.Note(new Reading(Text, Subject.Service, "step between two ranges, p50", steps.GetValueAtPercentile(50) / 1_000_000.0, "ms"));
    }

    private static async Task<Figures> EventsAsync(Measurement run, Subject other)
    {
        using var client = await LoadClient.CreateAsync(run, Conversations);
        var conversations = await client.ConversationsAsync(Conversations);
        var latencies = LoadLoop.NewHistogram();
        var count = Math.Max((int)(run.Duration.TotalSeconds * PerSecond), 1);
        var before = run.Cpu.Read();
        var started = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(conversations.Select(conversation => ConverseAsync(client, conversation, other, count, latencies)));
        return Figures.From(Events, run, latencies, TimeProvider.System.GetElapsedTime(started).TotalSeconds, before, run.Cpu.Read());
    }

    private static async Task ConverseAsync(LoadClient client, Guid conversation, Subject other, int count, LongHistogram latencies)
    {
        using var socket = await client.FollowAsync(conversation, other);
        var sentAt = new long[count];
        var reading = ReadAsync(socket, sentAt, latencies);
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / PerSecond));
        for (var i = 0; i < count; i++)
        {
            await pace.WaitForNextTickAsync();
            Volatile.Write(ref sentAt[i], TimeProvider.System.GetTimestamp());
            await client.PostAsync(conversation);
        }

        await reading;
    }

    private static async Task ReadAsync(ClientWebSocket socket, long[] sentAt, LongHistogram latencies)
    {
        var buffer = new byte[16 * 1024];
        for (var seen = 0; seen < sentAt.Length;)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (received.EndOfMessage && buffer.AsSpan(0, received.Count).StartsWith("{\"type\":\"message.created\""u8))
            {
                var latency = LoadLoop.Nanoseconds(Volatile.Read(ref sentAt[seen++]));
                lock (latencies)
                {
                    latencies.RecordValue(latency);
                }
            }
        }
    }
}
