using Conversation.Tests.Infrastructure;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Tests.Auth;

/// <summary>Tokens that no door may take.</summary>
internal static class HostileTokens
{
    private const string Hs256 = """{"alg":"HS256","typ":"JWT"}""";
    private const string OtherKey = "another-key-0123456789-0123456789-0123456789-0123456789";

    private static readonly string Someone = Guid.CreateVersion7().ToString();

    /// <param name="tripwire">An address that must never be asked for keys.</param>
    public static IEnumerable<(string Name, string Token)> All(string tripwire)
    {
        yield return ("garbage", "garbage");
        yield return ("three empty parts", "..");
        yield return ("10 KB of garbage", new string('x', 10_240));
        yield return ("none", RawTokens.Unsigned("""{"alg":"none","typ":"JWT"}""", RawTokens.UserPayload));
        yield return ("none in capitals", RawTokens.Unsigned("""{"alg":"NONE"}""", RawTokens.UserPayload));
        yield return ("none with a signature", RawTokens.Hmac("""{"alg":"none"}""", RawTokens.UserPayload, TestTokens.UserKey));
        yield return ("no algorithm", RawTokens.Hmac("""{"typ":"JWT"}""", RawTokens.UserPayload, TestTokens.UserKey));
        yield return ("expired", User(lifetime: TimeSpan.FromSeconds(-1)));
        yield return ("expired machine", TestTokens.Sign(TestTokens.M2mKey, "m", TestTokens.M2mIssuer, lifetime: TimeSpan.FromSeconds(-1)));
        yield return ("not yet valid", RawTokens.Hmac(Hs256, RawTokens.Payload(Someone, $",\"nbf\":{RawTokens.Later()}"), TestTokens.UserKey));
        yield return ("wrong key", TestTokens.Sign(OtherKey, Someone, TestTokens.UserIssuer));
        yield return ("wrong issuer", TestTokens.Sign(TestTokens.UserKey, Someone, "https://elsewhere.test"));
        yield return ("no issuer", TestTokens.Sign(TestTokens.UserKey, Someone, issuer: null));
        yield return ("wrong audience", TestTokens.Sign(TestTokens.UserKey, Someone, TestTokens.UserIssuer, "others"));
        yield return ("no audience", TestTokens.Sign(TestTokens.UserKey, Someone, TestTokens.UserIssuer, audience: null));
        yield return ("another algorithm", TestTokens.Sign(
            TestTokens.UserKey, Someone, TestTokens.UserIssuer, algorithm: SecurityAlgorithms.HmacSha384));
        yield return ("no exp", User(expires: false));
        yield return ("exp as text", RawTokens.Hmac(
            Hs256, $$"""{"sub":"{{Someone}}","iss":"{{TestTokens.UserIssuer}}","aud":"{{TestTokens.Audience}}","exp":"never"}""", TestTokens.UserKey));
        yield return ("no sub", TestTokens.Sign(TestTokens.UserKey, subject: null, TestTokens.UserIssuer));
        yield return ("a user's sub that is no uuid", TestTokens.Sign(TestTokens.UserKey, "somebody", TestTokens.UserIssuer));
        yield return ("a machine's sub that is empty", TestTokens.Sign(TestTokens.M2mKey, " ", TestTokens.M2mIssuer));
        yield return ("user key, machine issuer", TestTokens.Sign(TestTokens.UserKey, Someone, TestTokens.M2mIssuer));
        yield return ("machine key, user issuer", TestTokens.Sign(TestTokens.M2mKey, Someone, TestTokens.UserIssuer));
        yield return ("sub twice", RawTokens.Hmac(
            Hs256, RawTokens.Payload(Someone, $",\"sub\":\"{Guid.CreateVersion7()}\""), TestTokens.UserKey));
        yield return ("exp twice", RawTokens.Hmac(Hs256, RawTokens.Payload(Someone, ",\"exp\":9999999999"), TestTokens.UserKey));
        yield return ("iss twice", RawTokens.Hmac(
            Hs256, RawTokens.Payload(Someone, $",\"iss\":\"{TestTokens.UserIssuer}\"", "https://elsewhere.test"), TestTokens.UserKey));
        yield return ("alg twice", RawTokens.Hmac("""{"alg":"none","alg":"HS256"}""", RawTokens.UserPayload, TestTokens.UserKey));
        yield return ("sub a list", RawTokens.Hmac(
            Hs256,
            $$"""{"sub":["{{Someone}}","{{Guid.CreateVersion7()}}"],"iss":"{{TestTokens.UserIssuer}}","aud":"{{TestTokens.Audience}}","exp":{{RawTokens.Later()}}}""",
            TestTokens.UserKey));
        foreach (var header in new[] { "jku", "x5u" })
        {
            yield return ($"wrong key that {header} offers", RawTokens.Hmac(
                $$"""{"alg":"HS256","{{header}}":"{{tripwire}}keys.json"}""", RawTokens.UserPayload, OtherKey));
        }

        yield return ("wrong key that jwk brings", RawTokens.Hmac(
            $$$"""{"alg":"HS256","jwk":{"kty":"oct","k":"{{{Base64UrlEncoder.Encode(OtherKey)}}}"}}""", RawTokens.UserPayload, OtherKey));
        foreach (var kid in new[] { "../../../../dev/null", "' OR 1=1 --", "|/bin/sh", "\\u0000", new string('k', 4000) })
        {
            yield return ($"wrong key, kid {kid[..Math.Min(kid.Length, 12)]}", RawTokens.Hmac(
                $$"""{"alg":"HS256","kid":"{{kid}}"}""", RawTokens.UserPayload, OtherKey));
        }

        // An empty file, or none, as the key: what the path of a hostile kid would read.
        yield return ("empty key", RawTokens.Hmac("""{"alg":"HS256","kid":"/dev/null"}""", RawTokens.UserPayload, ""));
    }

    private static string User(TimeSpan? lifetime = null, bool expires = true) =>
        TestTokens.Sign(TestTokens.UserKey, Someone, TestTokens.UserIssuer, lifetime: lifetime, expires: expires);
}
