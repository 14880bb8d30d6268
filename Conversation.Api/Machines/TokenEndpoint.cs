using System.Net;
using System.Text.Json;
using Conversation.Api.Configuration;

namespace Conversation.Api.Machines;

/// <summary>The auth service's answer to a request for a token.</summary>
/// <param name="Status">Of HTTP.</param>
/// <param name="AccessToken">The token, null where there is none.</param>
/// <param name="Lifetime">How long it is good for, from now.</param>
/// <param name="Reason">Why there is none, as the service says it.</param>
internal sealed record TokenReply(HttpStatusCode Status, string? AccessToken, TimeSpan Lifetime, string Reason);

/// <summary>Asks for a token by client credentials. The service takes JSON, neither a form nor HTTP's Basic.</summary>
internal sealed class TokenEndpoint(HttpClient http, ServiceSettings settings)
{
    private const int LongestReason = 200;

    private static readonly TimeSpan LongestRequest = TimeSpan.FromSeconds(10);

    /// <summary>Where the answer does not say how long the token is good for.</summary>
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromSeconds(900);

    /// <exception cref="HttpRequestException">The service is not there.</exception>
    /// <exception cref="OperationCanceledException">It does not answer in time.</exception>
    public async Task<TokenReply> AskAsync(ClientCredentials credentials)
    {
        using var limit = new CancellationTokenSource(LongestRequest);
        using var response = await http.PostAsJsonAsync(
            $"{settings.AuthServiceUrl!.ToString().TrimEnd('/')}/auth/token",
            new { grant_type = "client_credentials", client_id = credentials.Id, client_secret = credentials.Secret },
            limit.Token);
        // The bytes: a character set that .NET does not know by its name is no reason to go without.
        var body = Parse(await response.Content.ReadAsByteArrayAsync(limit.Token));
        var token = response.IsSuccessStatusCode && body.ValueKind == JsonValueKind.Object ? Text(body, "access_token") : null;
        return new TokenReply(response.StatusCode, token, LifetimeIn(body), Reason(body));
    }

    private static TimeSpan LifetimeIn(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty("expires_in", out var value)
            && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is > 0 and < int.MaxValue
            ? TimeSpan.FromSeconds(seconds)
            : DefaultLifetime;

    /// <summary>Its text only: a validation error repeats what was sent, the secret with it.</summary>
    private static string Reason(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object && Text(body, "detail") is { } detail
            ? detail[..Math.Min(detail.Length, LongestReason)]
            : "no reason given";

    private static string? Text(JsonElement body, string field) =>
        body.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : null;

    private static JsonElement Parse(byte[] json)
    {
        try
        {
            return JsonElement.Parse(json);
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
