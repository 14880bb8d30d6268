using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json;

namespace Conversation.Benchmarks;

/// <summary>Speaks to either subject in its own words.</summary>
internal sealed class LoadClient : IDisposable
{
    public const string Content = "A message of ordinary length, as people write them: about a hundred and twenty characters of plain text.";

    /// <summary>The second dialect's subprotocol.</summary>
    public const string V2 = "conversation.v2";

    private LoadClient(Measurement run, HttpClient http, string? token)
    {
        Run = run;
        Http = http;
        Token = token;
    }

    public Measurement Run { get; }

    public HttpClient Http { get; }

    public string? Token { get; }

    public static async Task<LoadClient> CreateAsync(Measurement run, int connections)
    {
        var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = connections }) { BaseAddress = run.Subject.Address };
        var token = run.IsBare ? null : await run.Subject.TokenAsync();
        http.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return new LoadClient(run, http, token);
    }

    public async Task<Guid[]> ConversationsAsync(int count, string? agent = null)
    {
        var ids = new Guid[count];
        for (var i = 0; i < count; i++)
        {
            ids[i] = Run.IsBare ? Data.Postgres.Ids.New() : (await CreateAsync(agent)).GetProperty("id").GetGuid();
        }

        return ids;
    }

    /// <summary>Whose conversations they are.</summary>
    public async Task<Guid> OwnerAsync() => (await CreateAsync(agent: null)).GetProperty("owner_id").GetGuid();

    public async Task PostAsync(Guid conversation, string content = Content)
    {
        using var response = Run.IsBare
            ? await Http.PostAsJsonAsync(
                new Uri("/messages", UriKind.Relative), new { ConversationId = conversation, Role = "user", Content = content })
            : await Http.PostAsJsonAsync(
                new Uri($"/api/v1/conversations/{conversation}/messages", UriKind.Relative), new { role = "user", content, run = false });
        response.EnsureSuccessStatusCode();
    }

    /// <summary>To the service, under a key.</summary>
    public async Task PostAsync(Guid conversation, Guid key)
    {
        using var response = await Http.PostAsJsonAsync(
            new Uri($"/api/v1/conversations/{conversation}/messages", UriKind.Relative),
            new { role = "user", content = Content, run = false, client_message_id = key });
        response.EnsureSuccessStatusCode();
    }

    /// <summary>A message that an agent answers.</summary>
    public async Task AskAsync(Guid conversation, string content = Content)
    {
        using var response = await Http.PostAsJsonAsync(
            new Uri($"/api/v1/conversations/{conversation}/messages", UriKind.Relative), new { role = "user", content });
        response.EnsureSuccessStatusCode();
    }

    public Task GetAsync(string path) => Http.GetByteArrayAsync(new Uri(path, UriKind.Relative));

    /// <summary>The newest 50 messages; of the service by a page that it keeps, or by the place where they end, which it looks up each time.</summary>
    public string ListPath(Guid conversation, bool isKept) => Run.IsBare
        ? $"/messages/{conversation}"
        : $"/api/v1/conversations/{conversation}/messages?order=desc&limit=50{(isKept ? "" : $"&before={int.MaxValue}")}";

    /// <summary>Follows a conversation from its start; at the bare service, everything.</summary>
    /// <param name="conversation">Which.</param>
    /// <param name="at">Another node, null for the measured one.</param>
    /// <param name="dialect">Null for the legacy one.</param>
    public async Task<ClientWebSocket> FollowAsync(Guid conversation, Subject? at = null, string? dialect = V2)
    {
        var socket = new ClientWebSocket();
        // Otherwise it would ping too.
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        var path = "/ws";
        if (!Run.IsBare)
        {
            if (dialect is not null)
            {
                socket.Options.AddSubProtocol(dialect);
            }

            path = $"/api/v1/ws/conversations/{conversation}?token={Token}";
        }

        await socket.ConnectAsync(new Uri($"ws://{(at ?? Run.Subject).Address.Authority}{path}"), CancellationToken.None);
        return socket;
    }

    public void Dispose() => Http.Dispose();

    private async Task<JsonElement> CreateAsync(string? agent)
    {
        using var response = await Http.PostAsJsonAsync(
            new Uri("/api/v1/conversations/", UriKind.Relative), new { title = "bench", metadata_json = new { agent } });
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
