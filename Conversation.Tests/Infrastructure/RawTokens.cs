using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Tests.Infrastructure;

/// <summary>Tokens made byte by byte, as no library would make them.</summary>
internal static class RawTokens
{
    public static readonly string UserPayload = Payload(Guid.CreateVersion7().ToString());

    /// <summary>Signed by HMAC with SHA-256, whatever the header says.</summary>
    public static string Hmac(string header, string payload, string key)
    {
        var signed = $"{Encode(header)}.{Encode(payload)}";
        var mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Base64UrlEncoder.Encode(mac)}";
    }

    public static string Unsigned(string header, string payload) => $"{Encode(header)}.{Encode(payload)}.";

    /// <summary>A user's claims that fit the test settings, and more.</summary>
    public static string Payload(string sub, string more = "", string issuer = TestTokens.UserIssuer) =>
        $$"""{"sub":"{{sub}}","iss":"{{issuer}}","aud":"{{TestTokens.Audience}}","exp":{{Later()}}{{more}}}""";

    public static long Later() => TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds();

    private static string Encode(string json) => Base64UrlEncoder.Encode(Encoding.UTF8.GetBytes(json));
}
