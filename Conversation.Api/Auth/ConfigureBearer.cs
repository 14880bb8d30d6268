using Conversation.Api.Configuration;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Api.Auth;

/// <summary>Sets up the bearer scheme of each kind from its own key, algorithm, issuer and audience, and from nothing of the other's.</summary>
internal sealed class ConfigureBearer(TokenKeys keys, ServiceSettings settings, TimeProvider time) : IConfigureNamedOptions<JwtBearerOptions>
{
    public void Configure(JwtBearerOptions options) => Configure(null, options);

    public void Configure(string? name, JwtBearerOptions options)
    {
        var kind = name == AuthSchemes.User ? keys.User : keys.M2m;
        options.MapInboundClaims = false;
        options.TimeProvider = time;
        if (kind.Set is { } set)
        {
            options.ConfigurationManager = set;
        }

        options.TokenValidationParameters = new TokenValidationParameters
        {
            AuthenticationType = name,
            NameClaimType = JwtRegisteredClaimNames.Sub,
            IssuerSigningKeys = kind.Keys,
            ConfigurationManager = kind.Set,
            ValidAlgorithms = [kind.Algorithm.Name],
            ValidateIssuer = !string.IsNullOrEmpty(kind.Issuer),
            ValidIssuer = kind.Issuer,
            ValidateAudience = !string.IsNullOrEmpty(kind.Audience),
            ValidAudience = kind.Audience,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            // A header may not choose the key, or bring one: those that are configured are tried.
            TryAllIssuerSigningKeys = true,
            ClockSkew = TimeSpan.FromSeconds(settings.JwtClockSkewSeconds),
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
        if (!TokenSubject.Fits(context.Scheme.Name, context.SecurityToken))
        {
            context.Fail("The token's sub does not fit its kind.");
        }

        return Task.CompletedTask;
    }
}
