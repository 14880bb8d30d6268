using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using HdrHistogram;

namespace Conversation.Benchmarks;

/// <summary>
/// Answers at 25 chunks a second, each with one follower: from the runtime's saying a chunk, which is the time at which it is said, to
/// the follower's receipt. Every chunk must come, in order.
/// </summary>
internal static class RunsLoad
{
    public const int PerSecond = 25;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static string What(int streams) => $"{streams} runs, {PerSecond} chunks a second, one follower each";

    /// <param name="run">The node that works on the runs.</param>
    /// <param name="streams">How many at once.</param>
    /// <param name="at">Where the followers are, null for the same node.</param>
    /// <param name="steps">Takes the time between two ranges of a follower, where it is wanted.</param>
    public static async Task<Figures> RunAsync(Measurement run, int streams, Subject? at = null, LongHistogram? steps = null)
    {
        using var client = await LoadClient.CreateAsync(run, 64);
        var chunks = Chunks(run);
        var conversations = await client.ConversationsAsync(streams, $"words={chunks}&pace_ms={1000 / PerSecond}&stamps=true");
        return await FollowAsync(run, client, conversations, conversation => client.AskAsync(conversation), TimeSpan.Zero, at, steps);
    }

    /// <summary>How many chunks an answer has.</summary>
    public static int Chunks(Measurement run) => Math.Max((int)(run.Duration.TotalSeconds * PerSecond), 1);

    /// <summary>Follows conversations whose answers are stamps to their ends.</summary>
    /// <param name="run">The node that works on the runs.</param>
    /// <param name="client">Speaks to it.</param>
    /// <param name="conversations">Which.</param>
    /// <param name="ask">Asks one.</param>
    /// <param name="over">The time over which they are asked, one after the other; zero for all at once.</param>
    /// <param name="at">Where the followers are, null for the same node.</param>
    /// <param name="steps">Takes the time between two ranges of a follower, where it is wanted.</param>
    /// <exception cref="InvalidOperationException">An answer was not whole, or not in order.</exception>
    public static async Task<Figures> FollowAsync(
        Measurement run,
        LoadClient client,
        Guid[] conversations,
        Func<Guid, Task> ask,
        TimeSpan over,
        Subject? at = null,
        LongHistogram? steps = null)
    {
        var chunks = Chunks(run);
        var sockets = await Task.WhenAll(conversations.Select(conversation => client.FollowAsync(conversation, at)));
        var latencies = LoadLoop.NewHistogram();
        var before = run.Cpu.Read();
        var started = TimeProvider.System.GetTimestamp();
        var reading = sockets.Select(socket => ReadAsync(socket, chunks, latencies, steps)).ToArray();
        async Task AskAsync(Guid conversation, int index)
        {
            await Task.Delay(over * index / conversations.Length, TimeProvider.System, CancellationToken.None);
            await ask(conversation);
        }

        await Task.WhenAll([.. conversations.Select(AskAsync), .. reading]).WaitAsync(run.Duration + Patience, TimeProvider.System);
        var after = run.Cpu.Read();
        foreach (var socket in sockets)
        {
            socket.Dispose();
        }

        return Figures.From(What(conversations.Length), run, latencies, TimeProvider.System.GetElapsedTime(started).TotalSeconds, before, after);
    }

    /// <summary>Reads one answer of so many stamps to its end.</summary>
    public static async Task ReadAsync(ClientWebSocket socket, int chunks, LongHistogram latencies, LongHistogram? steps)
    {
        var buffer = new byte[64 * 1024];
        var text = new StringBuilder();
        var have = 0;
        var last = 0L;
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult received;
            do
            {
                received = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
                length += received.Count;
            }
            while (!received.EndOfMessage);

            var now = TimeProvider.System.GetTimestamp();
            using var frame = JsonDocument.Parse(buffer.AsMemory(0, length));
            switch (frame.RootElement.GetProperty("type").GetString())
            {
                case "message.delta":
                    Check(frame.RootElement.GetProperty("from").GetInt32() == have, "A range is not the next one.");
                    have = frame.RootElement.GetProperty("to").GetInt32();
                    text.Append(frame.RootElement.GetProperty("text").GetString());
                    lock (latencies)
                    {
                        Record(text, now, latencies);
                        if (last != 0)
                        {
                            steps?.RecordValue(TimeProvider.System.GetElapsedTime(last, now).Ticks * 100 + 1);
                        }
                    }

                    last = now;
                    break;
                case "run.completed":
                    Check(have == chunks * SimulatedScript.StampLength, "Chunks are missing.");
                    return;
                case "run.failed":
                    throw new InvalidOperationException("A run failed.");
            }
        }
    }

    private static void Record(StringBuilder text, long now, LongHistogram latencies)
    {
        while (text.Length >= SimulatedScript.StampLength)
        {
            var said = long.Parse(text.ToString(0, SimulatedScript.StampLength - 1), CultureInfo.InvariantCulture);
            text.Remove(0, SimulatedScript.StampLength);
            latencies.RecordValue(Math.Max((long)TimeProvider.System.GetElapsedTime(said, now).TotalNanoseconds, 1));
        }
    }

    private static void Check(bool holds, string complaint)
    {
        if (!holds)
        {
            throw new InvalidOperationException(complaint);
        }
    }
}
