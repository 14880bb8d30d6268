using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR.Client;

namespace Conversation.Tests.Infrastructure;

/// <summary>Where a v2 client can follow.</summary>
internal enum Door
{
    Hub,
    Socket,
    Sse,
    Page,
}

/// <summary>The frames of a conversation after a position, at any door, until the client goes.</summary>
internal static class Doors
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(20);

    public static IAsyncEnumerable<JsonElement> FollowAsync(
        this ApiClient api, Door door, Guid conversation, string? position, CancellationToken token) => door switch
        {
            Door.Hub => HubAsync(api, conversation, position, token),
            Door.Socket => SocketAsync(api, conversation, position, token),
            Door.Sse => SseAsync(api, conversation, position, token),
            _ => PageAsync(api, conversation, position, token),
        };

    private static async IAsyncEnumerable<JsonElement> HubAsync(
        ApiClient api, Guid conversation, string? position, [EnumeratorCancellation] CancellationToken token)
    {
        await using var hub = await HubClient.ConnectAsync(api);
        await foreach (var frame in hub.Connection.StreamAsync<JsonElement>("Follow", conversation, position, token))
        {
            yield return frame;
        }
    }

    private static async IAsyncEnumerable<JsonElement> SocketAsync(
        ApiClient api, Guid conversation, string? position, [EnumeratorCancellation] CancellationToken token)
    {
        await using var socket = await V2Socket.ConnectAsync(api, conversation, position);
        while (await socket.NextAsync(token) is { } frame)
        {
            yield return frame;
        }
    }

    private static async IAsyncEnumerable<JsonElement> SseAsync(
        ApiClient api, Guid conversation, string? position, [EnumeratorCancellation] CancellationToken token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{ApiClient.Root}/conversations/{conversation}/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (position is not null)
        {
            request.Headers.Add("Last-Event-ID", position);
        }

        using var response = await api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync(token);
        await foreach (var item in SseParser.Create(body).EnumerateAsync(token))
        {
            yield return JsonElement.Parse(item.Data);
        }
    }

    private static async IAsyncEnumerable<JsonElement> PageAsync(
        ApiClient api, Guid conversation, string? position, [EnumeratorCancellation] CancellationToken token)
    {
        while (true)
        {
            token.ThrowIfCancellationRequested();
            using var response = await api.Http.GetAsync(
                $"{ApiClient.Root}/conversations/{conversation}/events?limit=7&after={position}", token);
            response.EnsureSuccessStatusCode();
            var page = await response.Content.ReadFromJsonAsync<JsonElement>(token);
            foreach (var frame in page.EnumerateArray())
            {
                position = frame.GetProperty("position").GetString();
                yield return frame;
            }

            if (page.GetArrayLength() == 0)
            {
                // As a client does that asks now and then.
                await Task.Delay(AskAgain, TimeProvider.System, token);
            }
        }
    }
}
