using System.Net.WebSockets;
using HdrHistogram;

namespace Conversation.Benchmarks;

/// <summary>Followers of one conversation while messages are posted at a steady pace: from the send to each follower's receipt.</summary>
internal static class FollowersLoad
{
    public static string What(int followers, int perSecond) => $"{followers} followers, {perSecond} frames a second each";

    public static async Task<Figures> RunAsync(Measurement run, int followers, int perSecond)
    {
        using var client = await LoadClient.CreateAsync(run, 4);
        var conversation = (await client.ConversationsAsync(1))[0];
        var sockets = new List<ClientWebSocket>();
        foreach (var some in Enumerable.Range(0, followers).Chunk(100))
        {
            sockets.AddRange(await Task.WhenAll(some.Select(_ => client.FollowAsync(conversation))));
        }

        var frames = Math.Max((int)(run.Duration.TotalSeconds * perSecond), 1);
        var sentAt = new long[frames];
        var latencies = LoadLoop.NewHistogram();
        var reading = sockets.Select(socket => ReadAsync(socket, frames, sentAt, latencies, run.IsBare)).ToArray();
        var before = run.Cpu.Read();
        var started = TimeProvider.System.GetTimestamp();
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond));
        for (var i = 0; i < frames; i++)
        {
            await pace.WaitForNextTickAsync();
            Volatile.Write(ref sentAt[i], TimeProvider.System.GetTimestamp());
            await client.PostAsync(conversation);
        }

        await Task.WhenAll(reading);
        var after = run.Cpu.Read();
        sockets.ForEach(socket => socket.Dispose());
        return Figures.From(
            What(followers, perSecond), run, latencies, TimeProvider.System.GetElapsedTime(started).TotalSeconds, before, after);
    }

    /// <summary>Counts the messages' frames; their order is the order of the posts.</summary>
    private static async Task ReadAsync(ClientWebSocket socket, int frames, long[] sentAt, LongHistogram latencies, bool isBare)
    {
        var buffer = new byte[16 * 1024];
        for (var seen = 0; seen < frames;)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            var isMessage = isBare || buffer.AsSpan(0, received.Count).StartsWith("{\"type\":\"message.created\""u8);
            if (received.EndOfMessage && isMessage)
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
