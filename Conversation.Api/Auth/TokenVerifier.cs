using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Conversation.Api.Auth;

/// <summary>Verifies a token that comes inside a stream, by the rules of the schemes that verify those of requests.</summary>
internal sealed class TokenVerifier(IOptionsMonitor<JwtBearerOptions> schemes)
{
    private static readonly string[] Kinds = [AuthSchemes.User, AuthSchemes.M2m];

    /// <summary>The principal, null for a token that neither kind accepts.</summary>
    public async Task<ClaimsPrincipal?> VerifyAsync(string? token)
    {
        foreach (var kind in Kinds)
        {
            var result = await new JsonWebTokenHandler { MapInboundClaims = false }.ValidateTokenAsync(
                token, schemes.Get(kind).TokenValidationParameters);
            if (result.IsValid && TokenSubject.Fits(kind, result.SecurityToken))
            {
                return new ClaimsPrincipal(result.ClaimsIdentity);
            }
        }

        return null;
    }
}
