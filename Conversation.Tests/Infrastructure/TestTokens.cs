using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Tests.Infrastructure;

/// <summary>Signs tokens as the sibling services do.</summary>
internal static class TestTokens
{
    public const string UserKey = "user-key-for-tests-0123456789-0123456789-0123456789-0123456789";
    public const string M2mKey = "m2m-key-for-tests-0123456789-0123456789-0123456789-01234567890";
    public const string UserIssuer = "https://users.test";
    public const string M2mIssuer = "https://machines.test";
    public const string Audience = "conversation";

    public static string User(Guid user) => Sign(UserKey, user.ToString(), UserIssuer);

    public static string Machine(string client = "tests") => Sign(M2mKey, client, M2mIssuer);

    public static string Sign(
        string key,
        string? subject,
        string? issuer,
        string? audience = Audience,
        string algorithm = SecurityAlgorithms.HmacSha256,
        TimeSpan? lifetime = null,
        bool expires = true)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var claims = new Dictionary<string, object>();
        if (subject is not null)
        {
            claims["sub"] = subject;
        }

        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Claims = claims,
            Issuer = issuer,
            Audience = audience,
            IssuedAt = now.AddHours(-1),
            Expires = expires ? now + (lifetime ?? TimeSpan.FromHours(1)) : null,
            SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(Encoding.UTF8.GetBytes(key)), algorithm),
        });
    }
}
