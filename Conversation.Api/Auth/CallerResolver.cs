using System.Security.Claims;
using Conversation.Api.Configuration;
using Conversation.Api.Errors;
using Conversation.Data.Access;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Conversation.Api.Auth;

/// <summary>Turns a verified token into the caller that every repository asks for.</summary>
public sealed class CallerResolver
{
    private readonly bool _ownersOnly;

    internal CallerResolver(ServiceSettings settings) => _ownersOnly = settings.Authorization == "owner";

    /// <summary>The caller of a verified principal.</summary>
    /// <param name="principal">What a bearer scheme verified.</param>
    public Caller Resolve(ClaimsPrincipal principal)
    {
        ArgumentNullException.ThrowIfNull(principal);
        // Where both configurations verify a token, the lesser right counts.
        var identity = principal.Identities.FirstOrDefault(one => one.AuthenticationType == AuthSchemes.User)
            ?? principal.Identities.First();
        var subject = identity.FindFirst(JwtRegisteredClaimNames.Sub)!.Value;
        if (identity.AuthenticationType != AuthSchemes.User)
        {
            return new Caller($"m2m:{subject}", Reach: null, UserId: null);
        }

        var user = Guid.Parse(subject);
        return new Caller($"user:{user}", _ownersOnly ? user : null, user);
    }

    /// <summary>Whose a new conversation is: a user's own; a machine, or anyone where owners do not count, says it.</summary>
    /// <param name="caller">Who creates.</param>
    /// <param name="asked">The owner that the request names.</param>
    /// <exception cref="ServiceException">403: a user named someone else.</exception>
    public Guid? OwnerOfNew(Caller caller, Guid? asked)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (_ownersOnly && caller.UserId is { } user && asked is { } other && other != user)
        {
            throw new ServiceException(
                StatusCodes.Status403Forbidden,
                "owner_id must be your own. (CONVERSATION_SERVICE_AUTHORIZATION=authenticated lifts this in a legacy deployment.)");
        }

        return asked ?? caller.UserId;
    }
}
