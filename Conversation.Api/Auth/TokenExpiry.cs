using System.Globalization;
using System.Security.Claims;
using Conversation.Api.Configuration;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Conversation.Api.Auth;

/// <summary>Until when a token is good: its <c>exp</c>, and what clocks may be apart, at every door alike.</summary>
internal sealed class TokenExpiry(ServiceSettings settings)
{
    private readonly TimeSpan _skew = TimeSpan.FromSeconds(settings.JwtClockSkewSeconds);

    public DateTimeOffset Of(ClaimsPrincipal principal) =>
        long.TryParse(principal.FindFirstValue(JwtRegisteredClaimNames.Exp), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(Math.Min(seconds, (DateTimeOffset.MaxValue - _skew).ToUnixTimeSeconds())) + _skew
            : DateTimeOffset.MinValue;
}
