using Microsoft.AspNetCore.Cors.Infrastructure;

namespace Conversation.Api.Hosting;

/// <summary>Which origins browsers may call from.</summary>
internal static class Origins
{
    public static void Allow(CorsPolicyBuilder policy, IReadOnlyList<string> origins)
    {
        policy.AllowAnyHeader().AllowAnyMethod().AllowCredentials().WithExposedHeaders(
            "Link", "Location", "Retry-After", "X-Request-ID", "Idempotency-Replayed");
        if (origins.Contains("*"))
        {
            // The origin is echoed: a literal * is not allowed together with credentials (Fetch standard).
            policy.SetIsOriginAllowed(_ => true);
        }
        else
        {
            policy.WithOrigins([.. origins]);
        }
    }
}
