using System.Globalization;
using System.Net.WebSockets;

namespace Conversation.Benchmarks;

/// <summary>Thousands of connections that say nothing: what each keeps in memory, and what they cost while they are silent.</summary>
internal static class IdleLoad
{
    public const string Memory = "resident memory of each";
    public const string Cpu = "CPU while silent, of one core";
    private const int Connections = 5000;
    private const int Conversations = 50;

    public static string Sockets => string.Create(CultureInfo.InvariantCulture, $"{Connections:N0} idle sockets");

    public static string Hubs => string.Create(CultureInfo.InvariantCulture, $"{Connections:N0} idle hub connections");

    public static Task RunAsync(Bench bench) => bench.BothAsync(async run =>
    {
        using var client = await LoadClient.CreateAsync(run, 16);
        var conversations = await client.ConversationsAsync(Conversations);
        await MeasureAsync(bench, run, Sockets, i => client.FollowAsync(conversations[i % Conversations]));
        await MeasureAsync(bench, run, Hubs, i => HubSocket.ConnectAsync(run, client, conversations[i % Conversations]));
    });

    private static async Task MeasureAsync(Bench bench, Measurement run, string what, Func<int, Task<ClientWebSocket>> connect)
    {
        // A few first, so that code and pools are not counted as theirs.
        var sockets = new List<ClientWebSocket>(await Task.WhenAll(Enumerable.Range(0, 100).Select(connect)));
        await run.SettleAsync();
        var before = run.ResidentBytes;
        foreach (var some in Enumerable.Range(0, Connections).Chunk(100))
        {
            sockets.AddRange(await Task.WhenAll(some.Select(connect)));
        }

        using var over = new CancellationTokenSource();
        var reading = sockets.Select(socket => ReadAsync(socket, over.Token)).ToArray();
        await run.SettleAsync();
        bench.Note(new Reading(what, run.Subject.Name, Memory, (run.ResidentBytes - before) / 1024.0 / Connections, "KiB"));
        var cpu = run.Cpu.Read();
        await Task.Delay(run.Duration, TimeProvider.System, CancellationToken.None);
        bench.Note(new Reading(what, run.Subject.Name, Cpu, (run.Cpu.Read().Service - cpu.Service) / run.Duration.TotalSeconds * 100, "%"));
        await over.CancelAsync();
        await Task.WhenAll(reading);
        sockets.ForEach(socket => socket.Dispose());
        await run.SettleAsync();
    }

    /// <summary>As a client does that waits; it answers pings.</summary>
    private static async Task ReadAsync(ClientWebSocket socket, CancellationToken over)
    {
        var buffer = new byte[512];
        try
        {
            while (socket.State == WebSocketState.Open)
            {
                await socket.ReceiveAsync(buffer.AsMemory(), over);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or WebSocketException)
        {
            // The measurement is over.
        }
    }
}
