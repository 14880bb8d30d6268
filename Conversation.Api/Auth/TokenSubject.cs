using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Api.Auth;

/// <summary>Whom a token of each kind may name.</summary>
internal static class TokenSubject
{
    // Two claims of one name mean what a reader takes them to mean (RFC 7519, section 4 allows to refuse them).
    private static readonly JsonDocumentOptions NoDuplicates = new() { AllowDuplicateProperties = false };

    /// <summary>A user's <c>sub</c> is a UUID, a machine's any text; either stands in the token once.</summary>
    public static bool Fits(string scheme, SecurityToken? token)
    {
        if (token is not JsonWebToken jwt)
        {
            return false;
        }

        try
        {
            using var header = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(jwt.EncodedHeader), NoDuplicates);
            using var payload = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(jwt.EncodedPayload), NoDuplicates);
            return payload.RootElement.TryGetProperty(JwtRegisteredClaimNames.Sub, out var claim)
                && claim.ValueKind == JsonValueKind.String
                && Fits(scheme, claim.GetString());
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool Fits(string scheme, string? subject) =>
        scheme == AuthSchemes.User ? Guid.TryParse(subject, out _) : !string.IsNullOrWhiteSpace(subject);
}
