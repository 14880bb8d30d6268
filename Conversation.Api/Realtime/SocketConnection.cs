using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using Conversation.Api.Background;

namespace Conversation.Api.Realtime;

/// <summary>
/// A WebSocket that several tasks send on and one reads, with bounds on what comes in and a close that says why. Knows no dialect.
/// </summary>
internal sealed partial class SocketConnection(
    WebSocket socket,
    long longestMessage,
    SocketOptions options,
    TimeProvider time,
    CancellationTokenSource ending,
    OpenStream stream,
    ILogger logger)
{
    /// <summary>Close code 1012 (IANA's WebSocket registry): come back.</summary>
    public const WebSocketCloseStatus ServiceRestart = (WebSocketCloseStatus)1012;

    /// <summary>In bytes; most messages fit.</summary>
    private const int FirstBuffer = 1024;

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _sending = new(1, 1);

    /// <summary>Cancelled when the socket is to end, by whichever side.</summary>
    public CancellationToken Ending => ending.Token;

    public async Task SendAsync(ReadOnlyMemory<byte> text, CancellationToken token)
    {
        await _sending.WaitAsync(token);
        try
        {
            // Without the token, which would cost each frame a registration and a state machine of the socket's own.
            var sending = socket.SendAsync(text, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            if (sending.IsCompletedSuccessfully)
            {
                await sending;
            }
            else
            {
                await WaitAsync(sending, token);
            }
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Runs writer and reader until either ends; then says why, and waits, not for ever, for the client to close too.</summary>
    /// <param name="write">Sends until it has nothing more to say, and says why.</param>
    /// <param name="receive">Takes each text message.</param>
    public async Task RunAsync(Func<Task<WebSocketCloseStatus>> write, Func<string, Task> receive)
    {
        var reading = ReadAsync(receive);
        var status = WebSocketCloseStatus.EndpointUnavailable;
        try
        {
            status = await write();
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client has closed, the connection broke, or the service stops.
            status = stream.Leaving.IsCancellationRequested ? ServiceRestart : status;
        }
        catch (WebSocketException error)
        {
            Log.Broken(logger, error);
        }
        catch (Exception error)
        {
            Log.Failed(logger, error);
            status = WebSocketCloseStatus.InternalServerError;
        }

        await CloseAsync(status, status == ServiceRestart ? $"reconnect_after_ms={stream.ReconnectAfter}" : null);
        await ending.CancelAsync();
        try
        {
            await reading.WaitAsync(CloseTimeout, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            // The client does not answer the close frame: cut it off, which ends the read.
            socket.Abort();
            await reading;
        }
    }

    /// <summary>Says why, once; a client that does not take the close frame is cut off.</summary>
    public async Task CloseAsync(WebSocketCloseStatus status, string? description = null)
    {
        using var patience = new CancellationTokenSource(CloseTimeout);
        try
        {
            await _sending.WaitAsync(patience.Token);
            try
            {
                if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                {
                    await socket.CloseOutputAsync(status, description, patience.Token);
                }
            }
            finally
            {
                _sending.Release();
            }
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or InvalidOperationException)
        {
            socket.Abort();
        }
    }

    private async Task ReadAsync(Func<string, Task> receive)
    {
        try
        {
            while (await NextAsync() is { } text)
            {
                await receive(text);
            }
        }
        catch (OperationCanceledException)
        {
            // The socket was aborted from this side.
        }
        catch (WebSocketException error)
        {
            Log.Broken(logger, error);
        }
        finally
        {
            await ending.CancelAsync();
        }
    }

    /// <summary>A client that does not read is cut off when its socket is to end: the rest of the frame cannot be left out.</summary>
    private async Task WaitAsync(ValueTask sending, CancellationToken token)
    {
        await using var cutting = token.UnsafeRegister(static socket => ((WebSocket)socket!).Abort(), socket);
        try
        {
            await sending;
        }
        catch (Exception) when (token.IsCancellationRequested)
        {
            throw new OperationCanceledException(token);
        }
    }

    /// <summary>The next text message; null at the end. A client that says nothing holds no buffer: the wait reads no byte.</summary>
    private async Task<string?> NextAsync()
    {
        var received = await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
        if (received.MessageType == WebSocketMessageType.Close)
        {
            return null;
        }

        var began = time.GetTimestamp();
        var message = new ArrayBufferWriter<byte>(FirstBuffer);
        while (true)
        {
            if (Complaint(received.MessageType, message.WrittenCount) is { } complaint)
            {
                await RefuseAsync(complaint, null, message.GetMemory());
                return null;
            }

            if (received.EndOfMessage)
            {
                return Encoding.UTF8.GetString(message.WrittenSpan);
            }

            var receiving = socket.ReceiveAsync(message.GetMemory(), CancellationToken.None).AsTask();
            if (!await IsInTimeAsync(receiving, message.WrittenCount, began))
            {
                await RefuseAsync(WebSocketCloseStatus.PolicyViolation, "The message came too slowly.", message.GetMemory(), receiving);
                return null;
            }

            received = await receiving;
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Advance(received.Count);
        }
    }

    /// <summary>Whether more of a message comes in time: its buffer is held for a client that goes on sending, as a request's body is.</summary>
    private async Task<bool> IsInTimeAsync(Task receiving, int length, long began)
    {
        if (options.TimeFor(length) is not { } limit)
        {
            return true;
        }

        var left = limit - time.GetElapsedTime(began);
        if (left > TimeSpan.Zero && !receiving.IsCompleted)
        {
            // Whatever has become of it is seen by who awaits it; the time-out's timer goes with the wait.
            await receiving.WaitAsync(left, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return left > TimeSpan.Zero && receiving.IsCompleted;
    }

    private WebSocketCloseStatus? Complaint(WebSocketMessageType type, int length) => type switch
    {
        WebSocketMessageType.Binary => WebSocketCloseStatus.InvalidMessageType,
        _ when length > longestMessage => WebSocketCloseStatus.MessageTooBig,
        _ => null,
    };

    /// <summary>
    /// Says why, and reads on without listening until the client closes too: a connection that is cut while it still sends would
    /// lose the reason. <see cref="RunAsync"/> bounds the wait.
    /// </summary>
    private async Task RefuseAsync(
        WebSocketCloseStatus status, string? description, Memory<byte> buffer, Task<ValueWebSocketReceiveResult>? receiving = null)
    {
        await CloseAsync(status, description);
        await ending.CancelAsync();
        if (receiving is not null && (await receiving).MessageType == WebSocketMessageType.Close)
        {
            return;
        }

        while ((await socket.ReceiveAsync(buffer, CancellationToken.None)).MessageType != WebSocketMessageType.Close)
        {
        }
    }

    private static partial class Log
    {
        [LoggerMessage(610, LogLevel.Debug, "A socket broke.")]
        public static partial void Broken(ILogger logger, Exception error);

        [LoggerMessage(611, LogLevel.Error, "A socket failed unexpectedly.")]
        public static partial void Failed(ILogger logger, Exception error);
    }
}
