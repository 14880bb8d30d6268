using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Conversation.Api.Auth;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Primitives;

namespace Conversation.Api.Limits;

/// <summary>
/// The requests that each principal has left, at all doors together. The whole minute's budget may be spent at once; it comes back
/// evenly. Each node keeps its own: several give as many times the budget.
/// </summary>
internal sealed class RequestBudget(LimitOptions options, CallerResolver callers, HubConnections hubs, TimeProvider time) : IAsyncDisposable
{
    private const string Nobody = "";
    private const int IPv6NetworkBytes = 8;

    private static readonly TimeSpan WithoutAHint = TimeSpan.FromSeconds(1);

    private readonly PartitionedRateLimiter<string>? _byPrincipal = Limiter(options.RequestsPerMinute);
    private readonly PartitionedRateLimiter<string>? _byAddress = Limiter(options.RequestsPerMinuteAndAddress);

    /// <summary>For the rate limiter's middleware, before anybody is known.</summary>
    public PartitionedRateLimiter<HttpContext>? ByAddress => _byAddress?.WithTranslatedKey<HttpContext>(
        static context => Client(context.Connection.RemoteIpAddress), leaveOpen: true);

    /// <summary>For the rate limiter's middleware, once it is known who asks; without a principal there is no budget to spend.</summary>
    public PartitionedRateLimiter<HttpContext>? ByPrincipal => _byPrincipal?.WithTranslatedKey<HttpContext>(
        context => context.User.Identity is { IsAuthenticated: true } && !IsOfAConnection(context) ? callers.Resolve(context.User).Principal : Nobody, leaveOpen: true);

    /// <summary>For doors that take many requests over one connection.</summary>
    /// <exception cref="TooManyRequestsException">429: nothing is left.</exception>
    public void Spend(string principal)
    {
        using var lease = _byPrincipal?.AttemptAcquire(principal);
        if (lease is { IsAcquired: false })
        {
            throw new TooManyRequestsException("The budget of requests is spent.", RetryAfter(lease));
        }
    }

    /// <summary>For doors that cannot say no: returns when there is something left, so that the client is read no faster.</summary>
    public async Task SpendSlowlyAsync(string principal, CancellationToken token)
    {
        while (true)
        {
            using var lease = _byPrincipal?.AttemptAcquire(principal);
            if (lease is null or { IsAcquired: true })
            {
                return;
            }

            await Task.Delay(RetryAfter(lease), time, token);
        }
    }

    public static TimeSpan RetryAfter(RateLimitLease lease) =>
        lease.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter) ? retryAfter : WithoutAHint;

    public async ValueTask DisposeAsync()
    {
        foreach (var limiter in new[] { _byPrincipal, _byAddress }.OfType<PartitionedRateLimiter<string>>())
        {
            await limiter.DisposeAsync();
        }
    }

    /// <summary>
    /// A hub's client without a socket asks anew for each piece of text, and posts what it invokes: that is its connection, whose invocations
    /// are counted one by one. One that opens a socket does so once. What is posted counts unless its connection is there: the one post that
    /// shakes hands, and those whose id is made up.
    /// </summary>
    private bool IsOfAConnection(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<HubMetadata>() is not null
        && (HttpMethods.IsGet(context.Request.Method)
            ? context.Request.Query.ContainsKey("id") && StringValues.IsNullOrEmpty(context.Request.Headers.Upgrade)
            : context.GetEndpoint()?.Metadata.GetMetadata<NegotiateMetadata>() is null && hubs.Have(context));

    /// <summary>Whoever has an IPv6 address has all of its network (RFC 4291, section 2.5.4: 64 bits), and a new address for each request.</summary>
    private static string Client(IPAddress? address) => address switch
    {
        null => Nobody,
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } => Convert.ToHexString(address.GetAddressBytes().AsSpan(0, IPv6NetworkBytes)),
        _ => address.ToString(),
    };

    /// <returns>Null where there is no limit: one that is there looks after its partitions ten times a second.</returns>
    private static PartitionedRateLimiter<string>? Limiter(int perMinute) => perMinute == 0
        ? null
        : PartitionedRateLimiter.Create<string, string>(key => key == Nobody
            ? RateLimitPartition.GetNoLimiter(key)
            : RateLimitPartition.GetTokenBucketLimiter(key, _ => Bucket(perMinute)));

    private static TokenBucketRateLimiterOptions Bucket(int perMinute)
    {
        // As many as a second brings, but at least one, at the pace that makes it a minute's budget in a minute.
        var portion = Math.Max(1, perMinute / 60);
        return new TokenBucketRateLimiterOptions
        {
            TokenLimit = perMinute,
            TokensPerPeriod = portion,
            ReplenishmentPeriod = TimeSpan.FromMinutes((double)portion / perMinute),
            QueueLimit = 0,
        };
    }
}
