using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ApplicationModels;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Api.Auth;

/// <summary>Tokens for the chat page and for curl. Exists only where <see cref="TokenKeys.HandsOut"/>.</summary>
[ApiController]
[AllowAnonymous]
[Route("dev/token")]
[Tags("Development")]
public sealed class DevelopmentTokensController : ControllerBase
{
    private static readonly Guid DefaultUser = new("00000000-0000-4000-8000-000000000001");
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    /// <summary>Makes a user token.</summary>
    /// <remarks>Good for twelve hours. In production this route does not exist.</remarks>
    /// <param name="request">Optional: which user; without it always the same one.</param>
    /// <param name="tokens">Signs it.</param>
    /// <response code="200">The token.</response>
    [HttpPost(Name = "createDevelopmentToken")]
    [ProducesResponseType<DevelopmentToken>(StatusCodes.Status200OK)]
    public DevelopmentToken Create(
        [FromBody(EmptyBodyBehavior = Microsoft.AspNetCore.Mvc.ModelBinding.EmptyBodyBehavior.Allow)] DevelopmentTokenRequest? request,
        [FromServices] DevelopmentTokens tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        return new DevelopmentToken(tokens.Make(request?.Sub ?? DefaultUser, Lifetime), "bearer", (int)Lifetime.TotalSeconds);
    }
}

/// <summary>Which user the token shall name.</summary>
/// <param name="Sub">The user's id.</param>
public sealed record DevelopmentTokenRequest(Guid? Sub);

/// <summary>A token, in the shape of RFC 6749, section 5.1.</summary>
/// <param name="AccessToken">The token.</param>
/// <param name="TokenType">Always <c>bearer</c>.</param>
/// <param name="ExpiresIn">Seconds.</param>
public sealed record DevelopmentToken(string AccessToken, string TokenType, int ExpiresIn);

/// <summary>Signs development tokens with the users' key.</summary>
public sealed class DevelopmentTokens
{
    private readonly TokenKeys _keys;
    private readonly TimeProvider _time;

    internal DevelopmentTokens(TokenKeys keys, TimeProvider time)
    {
        _keys = keys;
        _time = time;
    }

    internal string Make(Guid user, TimeSpan lifetime)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Claims = new Dictionary<string, object> { [JwtRegisteredClaimNames.Sub] = user.ToString() },
            Issuer = _keys.User.Issuer,
            Audience = _keys.User.Audience,
            IssuedAt = now,
            NotBefore = now,
            Expires = now + lifetime,
            SigningCredentials = _keys.User.Signing,
        });
    }
}

/// <summary>
/// Takes the development controllers out of the application model everywhere else, and where the configured keys can verify only: no
/// route, no document.
/// </summary>
internal sealed class DevelopmentOnlyConvention(TokenKeys keys) : IApplicationModelConvention
{
    public void Apply(ApplicationModel application)
    {
        if (keys.HandsOut)
        {
            return;
        }

        foreach (var controller in application.Controllers.Where(one => one.ControllerType == typeof(DevelopmentTokensController)).ToList())
        {
            application.Controllers.Remove(controller);
        }
    }
}
