using System.Buffers.Text;
using System.Globalization;
using System.Net.WebSockets;
using HdrHistogram;

namespace Conversation.Benchmarks;

/// <summary>Followers of one conversation while messages are posted at a steady pace: from the send to each follower's receipt.</summary>
internal static class FollowersLoad
{
    private const byte Mark = (byte)'#';
    private const int NumberLength = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static string What(int followers, int perSecond) => $"{followers} followers, {perSecond} frames a second each";

    public static async Task<Figures> RunAsync(Measurement run, int followers, int perSecond)
    {
        using var client = await LoadClient.CreateAsync(run, 16);
        var conversation = (await client.ConversationsAsync(1))[0];
        var sockets = new List<ClientWebSocket>();
        foreach (var some in Enumerable.Range(0, followers).Chunk(100))
        {
            sockets.AddRange(await Task.WhenAll(some.Select(_ => client.FollowAsync(conversation))));
        }

        var latencies = LoadLoop.NewHistogram();
        var before = run.Cpu.Read();
        var started = TimeProvider.System.GetTimestamp();
        await PostAsync(client, conversation, sockets, perSecond, latencies);
        var after = run.Cpu.Read();
        sockets.ForEach(socket => socket.Dispose());
        return Figures.From(
            What(followers, perSecond), run, latencies, TimeProvider.System.GetElapsedTime(started).TotalSeconds, before, after);
    }

    /// <summary>Posts numbered messages at a pace, until every follower has every one of them.</summary>
    /// <exception cref="InvalidOperationException">One was told of out of order, or twice.</exception>
    public static async Task PostAsync(
        LoadClient client, Guid conversation, IReadOnlyList<ClientWebSocket> sockets, int perSecond, LongHistogram latencies)
    {
        var frames = Math.Max((int)(client.Run.Duration.TotalSeconds * perSecond), 1);
        var sentAt = new long[frames];
        var reading = sockets.Select(socket => ReadAsync(socket, sentAt, latencies, client.Run.IsBare)).ToArray();
        var sending = new List<Task>();
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond));
        for (var i = 0; i < frames; i++)
        {
            await pace.WaitForNextTickAsync();
            Volatile.Write(ref sentAt[i], TimeProvider.System.GetTimestamp());
            // Not awaited: a slow answer may not slow the pace down, which would flatter it.
            sending.Add(client.PostAsync(conversation, string.Create(CultureInfo.InvariantCulture, $"#{i:D8} {LoadClient.Content}")));
        }

        await Task.WhenAll([.. reading, .. sending]).WaitAsync(client.Run.Duration + Patience, TimeProvider.System);
    }

    private static async Task ReadAsync(ClientWebSocket socket, long[] sentAt, LongHistogram latencies, bool isBare)
    {
        var buffer = new byte[16 * 1024];
        var has = new bool[sentAt.Length];
        var last = 0L;
        for (var seen = 0; seen < has.Length;)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            var frame = buffer.AsSpan(0, received.Count);
            if (!isBare)
            {
                if (!frame.StartsWith("{\"type\":\"message.created\""u8))
                {
                    continue;
                }

                var seq = Number(frame[(frame.IndexOf("\"seq\":"u8) + "\"seq\":"u8.Length)..]);
                Check(seq > last, "An event is out of order.");
                last = seq;
            }

            var number = (int)Number(frame.Slice(frame.IndexOf(Mark) + 1, NumberLength));
            Check(!has[number], "A message came twice.");
            has[number] = true;
            seen++;
            var latency = LoadLoop.Nanoseconds(Volatile.Read(ref sentAt[number]));
            lock (latencies)
            {
                latencies.RecordValue(latency);
            }
        }
    }

    private static long Number(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out long number, out _) ? number : throw new InvalidOperationException("A frame has no number.");

    private static void Check(bool holds, string complaint)
    {
        if (!holds)
        {
            throw new InvalidOperationException(complaint);
        }
    }
}
