using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Conversation.Migrations.Bootstrap;

/// <summary>Single requests to the auth service. Its paths have no slash at the end; the base holds its root path already.</summary>
internal sealed class AuthServiceClient(HttpClient http, Uri address)
{
    private static readonly TimeSpan LongestRequest = TimeSpan.FromSeconds(10);

    private readonly string _base = address.ToString().TrimEnd('/');

    public Task<AuthServiceReply> IsAliveAsync(CancellationToken token) =>
        SendAsync(HttpMethod.Get, "/health/liveness", bearer: null, body: null, token);

    public Task<AuthServiceReply> LoginAsync(string email, string password, CancellationToken token) =>
        SendAsync(HttpMethod.Post, "/auth/users/login", bearer: null, new { email, password }, token);

    public Task<AuthServiceReply> ListClientsAsync(string admin, int skip, int limit, CancellationToken token) =>
        SendAsync(HttpMethod.Get, $"/admin/clients?skip={skip}&limit={limit}", admin, body: null, token);

    public Task<AuthServiceReply> CreateClientAsync(string admin, object client, CancellationToken token) =>
        SendAsync(HttpMethod.Post, "/admin/clients", admin, client, token);

    public Task<AuthServiceReply> GetClientAsync(string admin, string id, CancellationToken token) =>
        SendAsync(HttpMethod.Get, $"/admin/clients/{Uri.EscapeDataString(id)}", admin, body: null, token);

    public Task<AuthServiceReply> DeleteClientAsync(string admin, string id, CancellationToken token) =>
        SendAsync(HttpMethod.Delete, $"/admin/clients/{Uri.EscapeDataString(id)}", admin, body: null, token);

    private async Task<AuthServiceReply> SendAsync(HttpMethod method, string path, string? bearer, object? body, CancellationToken token)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
        limit.CancelAfter(LongestRequest);
        using var request = new HttpRequestMessage(method, _base + path);
        request.Headers.Authorization = bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer);
        request.Content = body is null ? null : JsonContent.Create(body);
        try
        {
            using var response = await http.SendAsync(request, limit.Token);
            return new AuthServiceReply(response.StatusCode, Parse(await response.Content.ReadAsStringAsync(limit.Token)));
        }
        catch (HttpRequestException)
        {
            return AuthServiceReply.Lost;
        }
        catch (OperationCanceledException) when (!token.IsCancellationRequested)
        {
            return AuthServiceReply.Lost;
        }
    }

    private static JsonElement Parse(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
