using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Conversation.Tests.Infrastructure;

/// <summary>A client of the REST door, as one caller.</summary>
internal sealed class ApiClient : IDisposable
{
    public const string Root = "/api/v1";

    /// <summary>An answer that goes on for longer than any test, until it is cancelled.</summary>
    public const string EndlessAgent = "words=100000&pace_ms=20";

    /// <summary>A conversation of such answers.</summary>
    public static readonly object Endless = new { metadata_json = new { agent = EndlessAgent } };

    public ApiClient(Uri address, string? token)
    {
        Address = address;
        Token = token;
        Http = new HttpClient { BaseAddress = address, Timeout = Patience.Limit };
        if (token is not null)
        {
            Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    public Uri Address { get; }

    public string? Token { get; }

    public HttpClient Http { get; }

    public void Dispose() => Http.Dispose();

    public async Task<Guid> CreateConversationAsync(object? body = null)
    {
        using var response = await Http.PostAsJsonAsync($"{Root}/conversations/", body ?? new { title = "Test" });
        return (await ReadAsync(response, 201)).GetProperty("id").GetGuid();
    }

    public async Task<JsonElement> SendAsync(Guid conversation, object body)
    {
        using var response = await Http.PostAsJsonAsync($"{Root}/conversations/{conversation}/messages", body);
        return await ReadAsync(response, 201);
    }

    public Task<JsonElement> SayAsync(Guid conversation, string content) => SendAsync(conversation, new { role = "user", content });

    public async Task<JsonElement> GetAsync(string path, int status = 200)
    {
        using var response = await Http.GetAsync($"{Root}{path}");
        return await ReadAsync(response, status);
    }

    public async Task<List<JsonElement>> MessagesAsync(Guid conversation) =>
        [.. (await GetAsync($"/conversations/{conversation}/messages")).EnumerateArray()];

    public async Task<string> StatusAsync(Guid run) => (await GetAsync($"/runs/{run}")).GetProperty("status").GetString()!;

    public async Task CancelAsync(Guid run)
    {
        using var response = await Http.PostAsync($"{Root}/runs/{run}/cancel", content: null);
        await ReadAsync(response, 202);
    }

    public static async Task<JsonElement> ReadAsync(HttpResponseMessage response, int status)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(status), text);
        return text.Length == 0 ? default : JsonElement.Parse(text);
    }
}
