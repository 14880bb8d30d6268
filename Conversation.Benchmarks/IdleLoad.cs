using System.Globalization;
using System.Net.WebSockets;

namespace Conversation.Benchmarks;

/// <summary>Thousands of connections that say nothing: what each keeps in memory, and what they cost while they are silent.</summary>
internal static class IdleLoad
{
    public const string Memory = "resident memory of each";
    public const string Cpu = "CPU while silent, of one core";
    private const string PostgresCpu = "CPU of PostgreSQL meanwhile, of one core";
    private const int Connections = 5000;
    private const int Conversations = 50;

    /// <summary>In seconds, as the protocol has it for the second dialect; the legacy one has none.</summary>
    private const int Heartbeat = 10;

    /// <summary>Pinged, and told every ten seconds that all is well.</summary>
    public static string Sockets => string.Create(CultureInfo.InvariantCulture, $"{Connections:N0} idle sockets");

    /// <summary>Pinged, and told nothing.</summary>
    public static string Legacy => string.Create(CultureInfo.InvariantCulture, $"{Connections:N0} idle legacy sockets");

    public static string Hubs => string.Create(CultureInfo.InvariantCulture, $"{Connections:N0} idle hub connections");

    /// <summary>
    /// Each kind at a process of its own: memory that other connections left behind would be taken by these, and not be counted.
    /// </summary>
    public static async Task RunAsync(Bench bench)
    {
        await NodeAsync(bench, Sockets, Heartbeat);
        await bench.ServiceAsync(run => SocketsAsync(bench, run, Sockets, LoadClient.V2));
        await NodeAsync(bench, Legacy, heartbeatSeconds: 0);
        await bench.BothAsync(run => SocketsAsync(bench, run, Legacy));
        await bench.BothAsync(run => HubsAsync(bench, run));
    }

    private static async Task NodeAsync(Bench bench, string what, int heartbeatSeconds)
    {
        await using var node = await Subject.StartNodeAsync(heartbeatSeconds);
        if (node is not null)
        {
            await SocketsAsync(bench, bench.Of(node, isBare: true), what);
        }
    }

    private static async Task SocketsAsync(Bench bench, Measurement run, string what, string? dialect = null)
    {
        using var client = await LoadClient.CreateAsync(run, 16);
        var conversations = await client.ConversationsAsync(Conversations);
        await MeasureAsync(bench, run, what, i => client.FollowAsync(conversations[i % Conversations], dialect: dialect));
    }

    private static async Task HubsAsync(Bench bench, Measurement run)
    {
        using var client = await LoadClient.CreateAsync(run, 16);
        var conversations = await client.ConversationsAsync(Conversations);
        await MeasureAsync(bench, run, Hubs, i => HubSocket.ConnectAsync(run, client, conversations[i % Conversations]));
    }

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
        AreOpen(sockets);
        bench.Note(new Reading(what, run.Subject.Name, Memory, (run.ResidentBytes - before) / 1024.0 / Connections, "KiB"));
        var silence = Silence(run);
        // What is done once a second is called often enough for the compiler's second tier only after half a minute: not while it is measured.
        await Task.Delay(silence, TimeProvider.System, CancellationToken.None);
        var cpu = run.Cpu.Read();
        await Task.Delay(silence, TimeProvider.System, CancellationToken.None);
        var after = run.Cpu.Read();
        AreOpen(sockets);
        bench.Note(new Reading(what, run.Subject.Name, Cpu, (after.Service - cpu.Service) / silence.TotalSeconds * 100, "%"));
        if (run.Subject.Name != Subject.Node)
        {
            bench.Note(new Reading(what, run.Subject.Name, PostgresCpu, (after.Postgres - cpu.Postgres) / silence.TotalSeconds * 100, "%"));
        }

        await over.CancelAsync();
        await Task.WhenAll(reading);
        sockets.ForEach(socket => socket.Dispose());
        await run.SettleAsync();
    }

    /// <summary>One that was dropped would take no memory and no time.</summary>
    private static void AreOpen(List<ClientWebSocket> sockets)
    {
        if (sockets.Find(socket => socket.State != WebSocketState.Open) is { } gone)
        {
            throw new InvalidOperationException($"A connection is {gone.State}.");
        }
    }

    /// <summary>From one ping of every socket to the next, except where only the way is tried.</summary>
    private static TimeSpan Silence(Measurement run) => run.Duration.TotalSeconds >= 4 ? TimeSpan.FromSeconds(30) : run.Duration;

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
