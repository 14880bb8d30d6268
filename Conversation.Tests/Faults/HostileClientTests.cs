using System.Net.Sockets;
using System.Text;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Faults;

/// <summary>Clients that hold connections and give nothing for them: everybody else is served meanwhile.</summary>
[TestFixture]
[Category("Faults")]
internal sealed class HostileClientTests
{
    /// <summary>In MiB: what the service has not collected yet of what it took to connect them.</summary>
    private const int Garbage = 50;

    private static readonly TimeSpan Drip = TimeSpan.FromMilliseconds(250);

    /// <summary>Requests that never end, a short header after the other.</summary>
    [TestCase(200, 4, TestName = "Slowloris_InShort")]
    [TestCase(2000, 45, TestName = "Slowloris_InFull", Category = "Full")]
    public Task Slowloris_OfManyConnections_HoldsUpNobody(int connections, int seconds) => EndureAsync(
        connections,
        seconds,
        "GET /api/v1/health HTTP/1.1\r\nHost: x\r\n",
        async (stream, over) =>
        {
            while (!over.IsCancellationRequested)
            {
                await stream.WriteAsync("X-A: b\r\n"u8.ToArray(), over);
                await Task.Delay(Drip, TimeProvider.System, over);
            }
        });

    /// <summary>Upgrades that begin, and whose clients then say nothing at all.</summary>
    [TestCase(200, 4, TestName = "HalfOpenUpgrades_InShort")]
    [TestCase(2000, 45, TestName = "HalfOpenUpgrades_InFull", Category = "Full")]
    public Task HalfOpenUpgrades_InAFlood_HoldUpNobody(int connections, int seconds) => EndureAsync(
        connections,
        seconds,
        "GET /api/v1/ws/conversations/0193a7c4-b0f8-7d3c-8a5e-6f7081920aab HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
        async (stream, over) =>
        {
            while (await stream.ReadAsync(new byte[64], over) > 0)
            {
            }
        });

    /// <summary>Sockets that follow and are silent; each costs little, and none costs the others anything.</summary>
    [TestCase(500, TestName = "IdleSockets_InShort")]
    [TestCase(5000, TestName = "IdleSockets_InFull", Category = "Full")]
    public async Task IdleSockets_ByTheThousand_StayBounded(int connections)
    {
        await using var nodes = await TwoNodes.StartAsync();
        using var client = nodes.Client(0);
        var conversation = await client.CreateConversationAsync();
        var before = Resident(nodes.Nodes[0]);
        var sockets = new List<V2Socket>();
        foreach (var some in Enumerable.Range(0, connections).Chunk(50))
        {
            sockets.AddRange(await Task.WhenAll(some.Select(_ => V2Socket.ConnectAsync(client, conversation, position: null))));
        }

        await client.SendAsync(conversation, new { role = "system", content = "to everyone" });
        using var patience = new CancellationTokenSource(2 * Patience.Limit);
        await Task.WhenAll(sockets.Select(socket => socket.UntilAsync(frame => LegacyClient.TypeOf(frame) == "message.created", patience.Token)));
        var after = Resident(nodes.Nodes[0]);
        await TestContext.Out.WriteLineAsync($"{connections} sockets: {before} MiB resident before, {after} MiB with them.");

        Assert.That(after - before, Is.LessThan(Garbage + (connections / 10)), "A socket takes more than 100 KiB.");
        await Task.WhenAll(sockets.Select(socket => socket.DisposeAsync().AsTask()));
    }

    private static long Resident(ApiProcess node)
    {
        node.Process.Refresh();
        return node.Process.WorkingSet64 / (1024 * 1024);
    }

    private static async Task EndureAsync(int connections, int seconds, string beginning, Func<Stream, CancellationToken, Task> hold)
    {
        await using var nodes = await TwoNodes.StartAsync();
        using var client = nodes.Client(0);
        var conversation = await client.CreateConversationAsync();
        using var over = new CancellationTokenSource();
        var held = Enumerable.Range(0, connections)
            .Select(_ => HoldAsync(client.Address, beginning, hold, over.Token))
            .ToArray();
        await Task.WhenAll(held.Select(one => one.Began.Task)).OrTimeout();
        using var until = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        var served = 0;
        do
        {
            await client.SayAsync(conversation, "Hello");
            var follower = new Wanderer(conversation, (Door)(served % 3), client);
            var ends = 0;
            await follower.SeeAsync(frame => LegacyClient.TypeOf(frame) == "run.completed" && ++ends > served);
            served++;
        }
        while (!until.IsCancellationRequested);

        await over.CancelAsync();
        await Task.WhenAll(held.Select(one => one.Ended)).OrTimeout();
        await TestContext.Out.WriteLineAsync($"{connections} connections held, {served} answers served meanwhile.");
        Assert.That(served, Is.Positive);
    }

    private static Held HoldAsync(Uri address, string beginning, Func<Stream, CancellationToken, Task> hold, CancellationToken over)
    {
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return new Held(began, RunAsync());

        async Task RunAsync()
        {
            // The service cuts such connections off; whoever attacks comes back.
            while (!over.IsCancellationRequested)
            {
                using var socket = new TcpClient();
                try
                {
                    await socket.ConnectAsync(address.Host, address.Port, over);
                    await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(beginning), over);
                    began.TrySetResult();
                    await hold(socket.GetStream(), over);
                }
                catch (Exception error) when (error is OperationCanceledException or IOException or SocketException)
                {
                    // Over, or cut off.
                }
            }
        }
    }

    private sealed record Held(TaskCompletionSource Began, Task Ended);
}
