using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;

namespace Conversation.Tests.Infrastructure;

/// <summary>The .NET client of the hub, with what was pushed to it.</summary>
internal sealed class HubClient : IAsyncDisposable
{
    private readonly Channel<JsonElement> _frames = Channel.CreateBounded<JsonElement>(10_000);

    private HubClient(HubConnection connection)
    {
        Connection = connection;
        connection.On<JsonElement>("ReceiveFrame", frame => _frames.Writer.TryWrite(frame));
    }

    public HubConnection Connection { get; }

    public static async Task<HubClient> ConnectAsync(
        ApiClient api, Action<IHubConnectionBuilder>? configure = null, HttpTransportType? transports = null)
    {
        var builder = new HubConnectionBuilder().WithUrl(
            new Uri(api.Address, $"{ApiClient.Root}/hubs/conversations"),
            transports ?? HttpTransports.All,
            options => options.AccessTokenProvider = () => Task.FromResult(api.Token));
        configure?.Invoke(builder);
        var client = new HubClient(builder.Build());
        await client.Connection.StartAsync(Patience.Token);
        return client;
    }

    /// <summary>Pushed frames up to and with the first of a type.</summary>
    public async Task<List<JsonElement>> UntilAsync(string type, CancellationToken? token = null)
    {
        var frames = new List<JsonElement>();
        await foreach (var frame in _frames.Reader.ReadAllAsync(token ?? Patience.Token))
        {
            frames.Add(frame);
            if (LegacyClient.TypeOf(frame) == type)
            {
                break;
            }
        }

        return frames;
    }

    /// <summary>Streamed frames from a position on, up to and with the first of a type.</summary>
    public async Task<List<JsonElement>> FollowUntilAsync(Guid conversation, string? position, string type)
    {
        var frames = new List<JsonElement>();
        await foreach (var frame in Connection.StreamAsync<JsonElement>("Follow", conversation, position, Patience.Token))
        {
            frames.Add(frame);
            if (LegacyClient.TypeOf(frame) == type)
            {
                break;
            }
        }

        return frames;
    }

    /// <summary>Streamed frames from the start, up to and with the event of a seq.</summary>
    public async Task<List<JsonElement>> FollowUntilSeqAsync(Guid conversation, long seq)
    {
        var frames = new List<JsonElement>();
        await foreach (var frame in Connection.StreamAsync<JsonElement>("Follow", conversation, (string?)null, Patience.Token))
        {
            frames.Add(frame);
            if (frame.TryGetProperty("seq", out var at) && at.GetInt64() == seq)
            {
                break;
            }
        }

        return frames;
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}
