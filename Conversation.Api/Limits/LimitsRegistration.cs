using System.Threading.RateLimiting;
using Conversation.Api.Configuration;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Api.Limits;

internal static class LimitsRegistration
{
    public static IServiceCollection AddLimits(this IServiceCollection services, ServiceSettings settings)
    {
        services.TryAddSingleton(new LimitOptions
        {
            RequestsPerMinute = settings.RateLimit,
            RequestsPerMinuteAndAddress = settings.AddressRateLimit,
            ConnectionsPerPrincipal = settings.MaxConnectionsPerPrincipal,
            FollowedPerConnection = settings.MaxFollowedPerConnection,
        });
        services.TryAddSingleton(new ContentLimit(settings));
        services.TryAddSingleton<HubConnections>();
        services.TryAddSingleton<RequestBudget>();
        services.TryAddSingleton<ConnectionBudget>();
        services.AddRateLimiter(_ => { });
        return services;
    }

    /// <summary>Before authentication, so that bad tokens count as well.</summary>
    public static void UseAddressLimit(this WebApplication app)
    {
        if (app.Services.GetRequiredService<RequestBudget>().ByAddress is { } limiter)
        {
            app.UseRateLimiter(Options(limiter));
        }
    }

    /// <summary>After authentication.</summary>
    public static void UsePrincipalLimit(this WebApplication app)
    {
        if (app.Services.GetRequiredService<RequestBudget>().ByPrincipal is { } limiter)
        {
            app.UseRateLimiter(Options(limiter));
        }
    }

    private static RateLimiterOptions Options(PartitionedRateLimiter<HttpContext> limiter) => new()
    {
        GlobalLimiter = limiter,
        RejectionStatusCode = StatusCodes.Status429TooManyRequests,
        OnRejected = (rejected, _) => RefuseAsync(rejected.HttpContext, RequestBudget.RetryAfter(rejected.Lease)),
    };

    /// <summary>Without an exception: under a flood they would cost more than what is refused.</summary>
    private static ValueTask RefuseAsync(HttpContext context, TimeSpan retryAfter)
    {
        var refusal = new TooManyRequestsException("The budget of requests is spent.", retryAfter);
        context.Response.StatusCode = refusal.Status;
        context.Response.Headers.RetryAfter = refusal.RetryAfterSeconds;
        return context.RequestServices.GetRequiredService<IProblemDetailsService>().WriteAsync(new ProblemDetailsContext
        {
            HttpContext = context,
            ProblemDetails = new ProblemDetails { Status = refusal.Status, Detail = refusal.Message },
        });
    }
}
