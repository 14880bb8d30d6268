using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Conversation.Tests.Infrastructure;

/// <summary>A TCP proxy that can stop reading from the service, as a client does whose machine sleeps.</summary>
internal sealed class StallingProxy : IAsyncDisposable
{
    /// <summary>In bytes: what is sent to someone who has stalled soon has no room left on the way.</summary>
    private const int Small = 4096;

    /// <summary>
    /// In bytes, of TCP's segments, as over Ethernet. For loopback's of 64 KiB the kernel takes more than a megabyte of each socket before it
    /// says that there is no room: a follower who had stalled for 5 s was not behind yet.
    /// </summary>
    private const int Segment = 1460;

    private const int ProtocolTcp = 6;
    private const int MaximumSegment = 2;

    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _target;
    private readonly bool _isBothWays;
    private readonly Task _accepting;
    private readonly List<Task> _connections = [];
    private readonly ConcurrentDictionary<Socket, bool> _clients = new();
    private TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private StallingProxy(Uri target, bool isBothWays, int port)
    {
        _listener = new TcpListener(IPAddress.Loopback, port);
        _target = target;
        _isBothWays = isBothWays;
        _open.SetResult();
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    /// <param name="target">What stands behind it.</param>
    /// <param name="isBothWays">Whether a stall also holds what the client sends.</param>
    /// <param name="port">Where it listens; 0 for any.</param>
    public static StallingProxy Start(Uri target, bool isBothWays = false, int port = 0) => new(target, isBothWays, port);

    public void Stall() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Resume() => _open.TrySetResult();

    /// <summary>Resets some connections, at least one where there are any.</summary>
    /// <returns>How many.</returns>
    public int Cut(double share, Random random)
    {
        var clients = _clients.Keys.ToArray();
        random.Shuffle(clients);
        var cut = clients[..Math.Min(clients.Length, (int)Math.Ceiling(clients.Length * share))];
        foreach (var client in cut)
        {
            try
            {
                client.LingerState = new LingerOption(enable: true, seconds: 0);
                client.Close();
            }
            catch (ObjectDisposedException)
            {
                // It has just gone by itself.
            }
        }

        return cut.Length;
    }

    public async ValueTask DisposeAsync()
    {
        Resume();
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient { ReceiveBufferSize = Small })
        {
            var socket = client.Client;
            _clients[socket] = true;
            try
            {
                server.Client.SetRawSocketOption(ProtocolTcp, MaximumSegment, BitConverter.GetBytes(Segment));
                await server.ConnectAsync(_target.Host, _target.Port, CancellationToken.None);
                await Task.WhenAny(CopyAsync(client, server, stalls: _isBothWays), CopyAsync(server, client, stalls: true));
            }
            catch (SocketException)
            {
                // Nobody stands behind it at the moment.
            }
            finally
            {
                _clients.TryRemove(socket, out _);
            }
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, bool stalls)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                if (stalls)
                {
                    await _open.Task.WaitAsync(_stop.Token);
                }

                var count = await from.GetStream().ReadAsync(buffer, _stop.Token);
                if (count == 0)
                {
                    return;
                }

                if (stalls)
                {
                    // It may have stalled while this was on its way.
                    await _open.Task.WaitAsync(_stop.Token);
                }

                await to.GetStream().WriteAsync(buffer.AsMemory(0, count), _stop.Token);
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // One side has closed, or the test is over.
        }
    }
}
