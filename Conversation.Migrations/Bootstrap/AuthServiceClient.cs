using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Conversation.Migrations.Bootstrap;

/// <summary>Single requests to the auth service. Its paths have no slash at the end; the base holds its root path already.</summary>
internal sealed class AuthServiceClient(HttpClient http, Uri address, BootstrapClock clock)
{
    private static readonly TimeSpan LongestRequest = TimeSpan.FromSeconds(10);

    /// <summary>However little is left: what is asked once the time is over, or without any, is asked at least.</summary>
    private static readonly TimeSpan ShortestRequest = TimeSpan.FromSeconds(1);

    private readonly string _base = address.ToString().TrimEnd('/');

    public Task<AuthServiceReply> IsAliveAsync(CancellationToken token) =>
        SendAsync(HttpMethod.Get, "/health/liveness", bearer: null, body: null, Bounded(), token);

    public Task<AuthServiceReply> LoginAsync(string email, string password, CancellationToken token) =>
        SendAsync(HttpMethod.Post, "/auth/users/login", bearer: null, new { email, password }, Bounded(), token);

    public Task<AuthServiceReply> ListClientsAsync(string admin, int skip, int limit, CancellationToken token) =>
        SendAsync(HttpMethod.Get, $"/admin/clients?skip={skip}&limit={limit}", admin, body: null, Bounded(), token);

    /// <summary>Given its whole time: a reply that is not waited for takes the client's only secret with it.</summary>
    public Task<AuthServiceReply> CreateClientAsync(string admin, object client, CancellationToken token) =>
        SendAsync(HttpMethod.Post, "/admin/clients", admin, client, LongestRequest, token);

    /// <summary>Its whole time, as a deletion has: a client whose secret nobody has would be in the way of the next attempt.</summary>
    public Task<AuthServiceReply> GetClientAsync(string admin, string id, CancellationToken token) =>
        SendAsync(HttpMethod.Get, $"/admin/clients/{Uri.EscapeDataString(id)}", admin, body: null, LongestRequest, token);

    public Task<AuthServiceReply> DeleteClientAsync(string admin, string id, CancellationToken token) =>
        SendAsync(HttpMethod.Delete, $"/admin/clients/{Uri.EscapeDataString(id)}", admin, body: null, LongestRequest, token);

    private TimeSpan Bounded() => TimeSpan.FromTicks(Math.Clamp(clock.Left.Ticks, ShortestRequest.Ticks, LongestRequest.Ticks));

    private async Task<AuthServiceReply> SendAsync(
        HttpMethod method, string path, string? bearer, object? body, TimeSpan longest, CancellationToken token)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(token);
        limit.CancelAfter(longest);
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
