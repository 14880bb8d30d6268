using System.Net.WebSockets;
using System.Text.Json;

namespace Conversation.Tests.Infrastructure;

/// <summary>A WebSocket that speaks <c>conversation.v2</c>.</summary>
internal sealed class V2Socket : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[64 * 1024];

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public static async Task<V2Socket> ConnectAsync(ApiClient api, Guid conversation, string? position)
    {
        var client = new V2Socket();
        client._socket.Options.AddSubProtocol("conversation.v2");
        client._socket.Options.SetRequestHeader("Authorization", $"Bearer {api.Token}");
        var address = new UriBuilder(api.Address)
        {
            Scheme = "ws",
            Path = $"{ApiClient.Root}/ws/conversations/{conversation}",
            Query = position is null ? "" : $"after={position}",
        };
        await client._socket.ConnectAsync(address.Uri, Patience.Token);
        return client;
    }

    public Task SendAsync(object command) => SendBytesAsync(JsonSerializer.SerializeToUtf8Bytes(command));

    /// <summary>A text frame of whatever these are.</summary>
    public Task SendBytesAsync(byte[] text) => _socket.SendAsync(text, WebSocketMessageType.Text, endOfMessage: true, Patience.Token);

    public async Task<JsonElement?> NextAsync(CancellationToken? token = null)
    {
        var frame = new MemoryStream();
        while (true)
        {
            var received = await _socket.ReceiveAsync(_buffer, token ?? Patience.Token);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            frame.Write(_buffer.AsSpan(0, received.Count));
            if (received.EndOfMessage)
            {
                return JsonElement.Parse(frame.ToArray());
            }
        }
    }

    /// <param name="wanted">Which frame.</param>
    /// <param name="token">Bounds all of the wait, because heartbeats come for ever; null for as long as patience lasts.</param>
    public async Task<JsonElement> UntilAsync(Func<JsonElement, bool> wanted, CancellationToken? token = null)
    {
        var patience = token ?? Patience.Token;
        while (await NextAsync(patience) is { } frame)
        {
            if (wanted(frame))
            {
                return frame;
            }
        }

        throw new InvalidOperationException($"The socket closed ({CloseStatus}).");
    }

    /// <summary>Waits for the service's close.</summary>
    public async Task ClosedAsync()
    {
        for (var patience = Patience.Token; await NextAsync(patience) is not null;)
        {
        }
    }

    /// <summary>The reply to a command.</summary>
    public Task<JsonElement> ReplyAsync(string id) =>
        UntilAsync(frame => frame.TryGetProperty("id", out var own) && own.GetString() == id);

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
