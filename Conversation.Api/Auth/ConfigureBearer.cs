using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Api.Auth;

/// <summary>Sets up the bearer scheme of each kind from its own key, algorithm, issuer and audience, and from nothing of the other's.</summary>
internal sealed class ConfigureBearer(TokenKeys keys, TimeProvider time) : IConfigureNamedOptions<JwtBearerOptions>
{
    public void Configure(JwtBearerOptions options) => Configure(null, options);

    public void Configure(string? name, JwtBearerOptions options)
    {
        var kind = name == AuthSchemes.User ? keys.User : keys.M2m;
        options.MapInboundClaims = false;
        options.TimeProvider = time;
        options.TokenValidationParameters = new TokenValidationParameters
        {
            AuthenticationType = name,
            NameClaimType = JwtRegisteredClaimNames.Sub,
            IssuerSigningKey = kind.Key,
            ValidAlgorithms = [kind.Algorithm],
            ValidateIssuer = !string.IsNullOrEmpty(kind.Issuer),
            ValidIssuer = kind.Issuer,
            ValidateAudience = !string.IsNullOrEmpty(kind.Audience),
            ValidAudience = kind.Audience,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            // A header may not choose the key: there is one.
            TryAllIssuerSigningKeys = true,
            ClockSkew = TimeSpan.Zero,
        };
        options.Events = new JwtBearerEvents
        {
            OnMessageReceived = TakeToken,
            OnTokenValidated = RequireSubject,
        };
    }

    private static Task TakeToken(MessageReceivedContext context)
    {
        context.Token = TokenOfRequest.Find(context.Request);
        return Task.CompletedTask;
    }

    private static Task RequireSubject(TokenValidatedContext context)
    {
        if (!TokenSubject.Fits(context.Scheme.Name, context.Principal?.FindFirstValue(JwtRegisteredClaimNames.Sub)))
        {
            context.Fail("The token's sub does not fit its kind.");
        }

        return Task.CompletedTask;
    }
}
