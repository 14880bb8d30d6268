using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Conversation.Tests.Infrastructure;

/// <summary>A TCP proxy before PostgreSQL that can swallow the reply to a commit and drop the connection in its stead.</summary>
internal sealed class PostgresProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly IPEndPoint _server;
    private readonly Task _accepting;
    private readonly List<Task> _connections = [];
    private int _armed;
    private int _dropped;
    private readonly bool _isDeaf;

    private PostgresProxy(IPEndPoint server, bool isDeaf)
    {
        _isDeaf = isDeaf;
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>How often a reply was swallowed.</summary>
    public int Cuts { get; private set; }

    /// <param name="connectionString">The server.</param>
    /// <param name="isDeaf">Whether no notification arrives; the connection must then be plain from its first byte.</param>
    public static PostgresProxy Start(string connectionString, bool isDeaf = false) =>
        new(new IPEndPoint(IPAddress.Loopback, new NpgsqlConnectionStringBuilder(connectionString).Port), isDeaf);

    public string Through(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.ConnectionString;

    /// <summary>
    /// The next batch of the log that is sent is committed by the server, and its reply never arrives. The reply is known by its two
    /// commands: the one that locks, and the one that writes.
    /// </summary>
    public void CutAtNextCommitReply() => Volatile.Write(ref _armed, 1);

    /// <summary>How many notifications were dropped.</summary>
    public int Dropped => Volatile.Read(ref _dropped);

    public async ValueTask DisposeAsync()
    {
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
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _connections.Add(ServeAsync(client));
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
        using (var server = new TcpClient())
        {
            try
            {
                await server.ConnectAsync(_server, _stop.Token);
                await Task.WhenAny(
                    CopyAsync(client, server, isReply: false, client),
                    CopyAsync(server, client, isReply: true, client));
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException)
            {
                // The test is over, or the server is.
            }
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, bool isReply, TcpClient client)
    {
        var buffer = new byte[64 * 1024];
        var filter = new NotificationFilter(() => Interlocked.Increment(ref _dropped));
        try
        {
            while (await from.GetStream().ReadAsync(buffer, _stop.Token) is > 0 and var count)
            {
                if (isReply && IsReplyOfABatch(buffer.AsSpan(0, count)) && Interlocked.Exchange(ref _armed, 0) == 1)
                {
                    Cuts++;
                    client.Close();
                    return;
                }

                var passed = _isDeaf && isReply ? filter.Take(buffer.AsSpan(0, count)) : buffer.AsMemory(0, count);
                await to.GetStream().WriteAsync(passed, _stop.Token);
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // One side has closed.
        }
    }

    /// <summary>Only the log's batches end with more than one command complete ("C", with its tag) before ready-for-query in state idle.</summary>
    private static bool IsReplyOfABatch(ReadOnlySpan<byte> reply)
    {
        if (reply is not [.., (byte)'Z', 0, 0, 0, 5, (byte)'I'])
        {
            return false;
        }

        var commands = 0;
        for (var at = 0; at + 5 <= reply.Length;)
        {
            commands += reply[at] == (byte)'C' ? 1 : 0;
            at += 1 + System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(reply[(at + 1)..]);
        }

        return commands == 2;
    }
}
