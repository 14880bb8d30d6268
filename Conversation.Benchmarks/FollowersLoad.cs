using System.Net.WebSockets;
using HdrHistogram;

namespace Conversation.Benchmarks;

/// <summary>Followers of one conversation while messages are posted at a steady pace: from the send to each follower's receipt.</summary>
internal static class FollowersLoad
{
    public static async Task<IReadOnlyList<Figures>> RunAsync(Measurement run) =>
    [
        await RunAsync(run, followers: 1000, perSecond: 20, stalled: 0),
        await RunAsync(run, followers: 100, perSecond: 100, stalled: 0),
        .. run.IsBare
            ? Array.Empty<Figures>()
            : [await RunAsync(run, followers: 9, perSecond: 100, stalled: 0), await RunAsync(run, followers: 9, perSecond: 100, stalled: 1)],
    ];

    private static async Task<Figures> RunAsync(Measurement run, int followers, int perSecond, int stalled)
    {
        using var client = await LoadClient.CreateAsync(run, 4);
        var conversation = (await client.ConversationsAsync(1))[0];
        var silent = await Task.WhenAll(Enumerable.Range(0, stalled).Select(_ => ConnectAsync(run, client, conversation)));
        var sockets = await Task.WhenAll(Enumerable.Range(0, followers).Select(_ => ConnectAsync(run, client, conversation)));
        var frames = (int)(run.Duration.TotalSeconds * perSecond);
        var sentAt = new long[frames];
        var latencies = new LongHistogram(TimeStamp.Minutes(1), 3);
        var reading = sockets.Select(socket => ReadAsync(socket, frames, sentAt, latencies, run.IsBare)).ToArray();
        var before = run.Cpu.Read();
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond));
        for (var i = 0; i < frames; i++)
        {
            await pace.WaitForNextTickAsync();
            Volatile.Write(ref sentAt[i], TimeProvider.System.GetTimestamp());
            await client.PostAsync(conversation);
        }

        await Task.WhenAll(reading);
        var after = run.Cpu.Read();
        foreach (var socket in sockets.Concat(silent))
        {
            socket.Abort();
            socket.Dispose();
        }

        var what = $"{followers} followers, {perSecond} frames a second each{(stalled > 0 ? ", one more stalled" : "")}";
        return Figures.From(what, run, latencies, run.Duration.TotalSeconds, before, after);
    }

    private static async Task<ClientWebSocket> ConnectAsync(Measurement run, LoadClient client, Guid conversation)
    {
        var socket = new ClientWebSocket();
        var path = "/ws";
        if (!run.IsBare)
        {
            socket.Options.AddSubProtocol("conversation.v2");
            path = $"/api/v1/ws/conversations/{conversation}?token={client.Token}";
        }

        await socket.ConnectAsync(new Uri($"ws://{run.Subject.Address.Authority}{path}"), CancellationToken.None);
        return socket;
    }

    /// <summary>Counts the messages' frames; their order is the order of the posts.</summary>
    private static async Task ReadAsync(ClientWebSocket socket, int frames, long[] sentAt, LongHistogram latencies, bool isBare)
    {
        var buffer = new byte[64 * 1024];
        for (var seen = 0; seen < frames;)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            var isMessage = isBare || buffer.AsSpan(0, received.Count).StartsWith("{\"type\":\"message.created\""u8);
            if (received.EndOfMessage && isMessage)
            {
                var latency = (long)TimeProvider.System.GetElapsedTime(Volatile.Read(ref sentAt[seen++])).TotalNanoseconds;
                lock (latencies)
                {
                    latencies.RecordValue(latency);
                }
            }
        }
    }
}
