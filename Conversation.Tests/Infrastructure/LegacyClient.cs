using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Conversation.Tests.Infrastructure;

/// <summary>A legacy client: a plain WebSocket that reads JSON frames.</summary>
internal sealed class LegacyClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[64 * 1024];

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public WebSocket Socket => _socket;

    /// <summary>Connects with the token in the header, or, as browsers must, in the query.</summary>
    public static async Task<LegacyClient> ConnectAsync(ApiClient api, Guid conversation, bool tokenInQuery = false, string? after = null)
    {
        var client = new LegacyClient();
        var query = $"after={after}" + (tokenInQuery ? $"&token={api.Token}" : "");
        if (!tokenInQuery && api.Token is not null)
        {
            client._socket.Options.SetRequestHeader("Authorization", $"Bearer {api.Token}");
        }

        var address = new UriBuilder(api.Address) { Scheme = "ws", Path = $"{ApiClient.Root}/ws/conversations/{conversation}", Query = query };
        client._socket.Options.CollectHttpResponseDetails = true;
        await client._socket.ConnectAsync(address.Uri, Patience.Token);
        return client;
    }

    /// <summary>The next frame, null at the end.</summary>
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

    /// <summary>Frames up to and with the first of a type, as text.</summary>
    /// <param name="type">Which.</param>
    /// <param name="token">Bounds all of the wait; null for as long as patience lasts.</param>
    public async Task<List<JsonElement>> UntilAsync(string type, CancellationToken? token = null)
    {
        var frames = new List<JsonElement>();
        var patience = token ?? Patience.Token;
        while (await NextAsync(patience) is { } frame)
        {
            frames.Add(frame);
            if (TypeOf(frame) == type)
            {
                return frames;
            }
        }

        throw new InvalidOperationException($"The socket closed ({CloseStatus}) before a frame of type {type} came.");
    }

    public Task SendAsync(string text) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, Patience.Token);

    public static string TypeOf(JsonElement frame) => frame.GetProperty("type").GetString()!;

    /// <summary>The streamed text of frames, put together.</summary>
    public static string TextOf(IEnumerable<JsonElement> frames) => string.Concat(
        frames.Where(frame => TypeOf(frame) == "stream").Select(frame => frame.GetProperty("content").GetString()));

    /// <summary>Frames with neighbouring pieces of text put together: a reader that was busy for a moment gets two in one.</summary>
    public static List<string> Merged(IEnumerable<JsonElement> frames)
    {
        var merged = new List<string>();
        var text = new StringBuilder();
        foreach (var frame in frames)
        {
            if (TypeOf(frame) == "stream")
            {
                text.Append(frame.GetProperty("content").GetString());
                continue;
            }

            if (text.Length > 0)
            {
                merged.Add($"stream: {text}");
                text.Clear();
            }

            merged.Add(frame.GetRawText());
        }

        return merged;
    }

    public async ValueTask DisposeAsync()
    {
        if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            try
            {
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Patience.Token);
            }
            catch (WebSocketException)
            {
                // The service is gone; that is what some tests are about.
            }
        }

        _socket.Dispose();
    }
}
