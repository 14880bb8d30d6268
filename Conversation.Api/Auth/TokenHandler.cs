using System.Security.Claims;
using System.Text.Encodings.Web;
using Conversation.Api.Errors;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Conversation.Api.Auth;

/// <summary>
/// The one scheme of every door: asks the users' JwtBearer scheme, then the machines', and remembers what they said of a token until
/// it expires. (Verified anew by both for every request, tokens took a fifth of the service's processor time for a POST: measured.)
/// </summary>
internal sealed class TokenHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    TokenKeys keys,
    TokenExpiry expiry,
    VerifiedTokens verified) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    private static readonly string[] Kinds = [AuthSchemes.User, AuthSchemes.M2m];

    private static readonly string[] Asked = [JwtRegisteredClaimNames.Sub, JwtRegisteredClaimNames.Exp];

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (TokenOfRequest.Find(Request) is not { } token)
        {
            return AuthenticateResult.NoResult();
        }

        if (verified.Find(token) is { } known)
        {
            return known;
        }

        foreach (var kind in Kinds)
        {
            var result = await Context.AuthenticateAsync(kind);
            if (result.Succeeded)
            {
                var expires = expiry.Of(result.Principal);
                var ticket = Ticket(result.Principal, expires);
                verified.Remember(token, ticket, expires);
                return ticket;
            }
        }

        if (keys.User.Set is { IsUnavailable: true } || keys.M2m.Set is { IsUnavailable: true })
        {
            throw new ServiceException(StatusCodes.Status503ServiceUnavailable, "The keys that verify tokens cannot be fetched at the moment.");
        }

        return AuthenticateResult.Fail("Neither kind of token fits.");
    }

    /// <summary>Does not say why (RFC 6750, section 3), only whether there was a token at all.</summary>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = TokenOfRequest.Find(Request) is null ? "Bearer" : "Bearer error=\"invalid_token\"";
        return Task.CompletedTask;
    }

    /// <summary>With what is asked of a principal only: a stream keeps it for days, and the verified one holds the whole token.</summary>
    private AuthenticateResult Ticket(ClaimsPrincipal principal, DateTimeOffset expires)
    {
        var claims = Asked.Select(type => principal.FindFirst(type)).OfType<Claim>().Select(claim => new Claim(claim.Type, claim.Value));
        var known = new ClaimsPrincipal(new ClaimsIdentity(claims, principal.Identity!.AuthenticationType));
        return AuthenticateResult.Success(new AuthenticationTicket(known, new AuthenticationProperties { ExpiresUtc = expires }, Scheme.Name));
    }
}
