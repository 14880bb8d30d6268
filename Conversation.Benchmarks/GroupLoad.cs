using System.Globalization;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using HdrHistogram;
using Microsoft.AspNetCore.SignalR.Client;

namespace Conversation.Benchmarks;

/// <summary>
/// Nine members of a SignalR group, and, where it is wanted, a tenth that has stopped reading: from the send to the receipt of the nine.
/// Messages are long, so that what sockets and pipes buffer is full soon. The yardstick sends to a plain SignalR group.
/// </summary>
internal static class GroupLoad
{
    private const int Members = 9;
    private const int PerSecond = 50;
    private const int NumberLength = 8;
    private static readonly string Padding = new('x', 24 * 1024);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static string What(int stalled) =>
        $"{Members} members of a SignalR group, {PerSecond} long frames a second{(stalled > 0 ? ", one more stalled" : "")}";

    public static async Task<Figures> RunAsync(Measurement run, int stalled)
    {
        using var client = await LoadClient.CreateAsync(run, 64);
        var conversation = (await client.ConversationsAsync(1))[0];
        var frames = Math.Max((int)(run.Duration.TotalSeconds * PerSecond), 1);
        var sentAt = new long[frames];
        var latencies = LoadLoop.NewHistogram();
        var members = new List<HubConnection>();
        var reading = new List<Task>();
        var silent = new List<ClientWebSocket>();
        for (var i = 0; i < stalled; i++)
        {
            silent.Add(await HubSocket.ConnectAsync(run, client, conversation, receiveBuffer: 4096));
        }

        for (var i = 0; i < Members; i++)
        {
            members.Add(await JoinAsync(run, client, conversation, sentAt, latencies, reading));
        }

        var before = run.Cpu.Read();
        var started = TimeProvider.System.GetTimestamp();
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / PerSecond));
        var sending = new List<Task>();
        for (var i = 0; i < frames; i++)
        {
            await pace.WaitForNextTickAsync();
            Volatile.Write(ref sentAt[i], TimeProvider.System.GetTimestamp());
            // Not awaited: a group send that freezes may not slow the pace down, which would flatter it.
            sending.Add(client.PostAsync(conversation, string.Create(CultureInfo.InvariantCulture, $"{i:D8}{Padding}")));
        }

        await Task.WhenAll([.. reading, .. sending]).WaitAsync(run.Duration + Patience, TimeProvider.System);
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var after = run.Cpu.Read();
        silent.ForEach(socket => socket.Abort());
        await Task.WhenAll(members.Select(member => member.DisposeAsync().AsTask()));
        return Figures.From(What(stalled), run, latencies, seconds, before, after);
    }

    private static async Task<HubConnection> JoinAsync(
        Measurement run, LoadClient client, Guid conversation, long[] sentAt, LongHistogram latencies, List<Task> reading)
    {
        var hub = new HubConnectionBuilder()
            .WithUrl(new Uri(run.Subject.Address, HubSocket.Path(run)), options => options.AccessTokenProvider = () => Task.FromResult(client.Token))
            .Build();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        reading.Add(all.Task);
        var seen = 0;
        hub.On<JsonElement>("ReceiveFrame", frame =>
        {
            if (Number(frame, run.IsBare) is { } number)
            {
                lock (latencies)
                {
                    latencies.RecordValue(LoadLoop.Nanoseconds(Volatile.Read(ref sentAt[number])));
                }

                if (++seen == sentAt.Length)
                {
                    all.SetResult();
                }
            }
        });
        await hub.StartAsync();
        await hub.InvokeAsync("JoinConversation", conversation);
        return hub;
    }

    private static int? Number(JsonElement frame, bool isBare)
    {
        if (!isBare && frame.GetProperty("type").GetString() != "message.created")
        {
            return null;
        }

        var content = (isBare ? frame : frame.GetProperty("message")).GetProperty("content").GetString()!;
        return int.Parse(content.AsSpan(0, NumberLength), CultureInfo.InvariantCulture);
    }
}

/// <summary>A hub connection as bare as can be: a socket that has shaken hands and joined, and then does what its owner does with it.</summary>
internal static class HubSocket
{
    private const char Separator = '\u001e';

    public static string Path(Measurement run) => run.IsBare ? "/hub" : "/api/v1/hubs/conversations";

    public static async Task<ClientWebSocket> ConnectAsync(Measurement run, LoadClient client, Guid conversation, int? receiveBuffer = null)
    {
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        var address = new Uri($"ws://{run.Subject.Address.Authority}{Path(run)}?access_token={client.Token}");
        // Disposed with the connection that it made.
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, token) =>
            {
                var raw = new Socket(SocketType.Stream, ProtocolType.Tcp);
                if (receiveBuffer is { } bytes)
                {
                    raw.ReceiveBufferSize = bytes;
                }

                await raw.ConnectAsync(context.DnsEndPoint, token);
                return new NetworkStream(raw, ownsSocket: true);
            },
        };
        await socket.ConnectAsync(address, new HttpMessageInvoker(handler), CancellationToken.None);
        await SayAsync(socket, """{"protocol":"json","version":1}""");
        await SayAsync(socket, $$"""{"type":1,"invocationId":"1","target":"JoinConversation","arguments":["{{conversation}}"]}""");
        var buffer = new byte[4096];
        var heard = "";
        while (!heard.Contains("\"type\":3", StringComparison.Ordinal))
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            heard += Encoding.UTF8.GetString(buffer, 0, received.Count);
        }

        return socket;
    }

    private static Task SayAsync(ClientWebSocket socket, string text) => socket.SendAsync(
        Encoding.UTF8.GetBytes($"{text}{Separator}"), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
}
