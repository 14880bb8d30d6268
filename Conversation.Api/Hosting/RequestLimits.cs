using Conversation.Api.Configuration;
using Conversation.Api.Limits;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using IPNetwork = System.Net.IPNetwork;

namespace Conversation.Api.Hosting;

/// <summary>How much of a request is read at all, how long a client may take to send it, and whom it may claim to come from.</summary>
internal static class RequestLimits
{
    private static readonly TimeSpan BodyGrace = TimeSpan.FromSeconds(5);

    /// <summary>Sockets carry their token in the request line, and tokens of 10 KB exist; the same as headers may have in all.</summary>
    public const int LongestLine = 32 * 1024;

    public static void Apply(KestrelServerOptions kestrel, ServiceSettings settings)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = ContentLimit.LongestBody(settings);
        limits.MaxRequestHeadersTotalSize = settings.MaxHeaderBytes;
        limits.MaxRequestLineSize = Math.Min(LongestLine, settings.MaxHeaderBytes);
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(settings.HeaderTimeoutSeconds);
        limits.MinRequestBodyDataRate = settings.MinBodyBytesPerSecond == 0 ? null : new MinDataRate(settings.MinBodyBytesPerSecond, BodyGrace);
        var late = kestrel.ApplicationServices.GetRequiredService<LateConnections>();
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(late.Watch));
    }

    public static IServiceCollection AddRequestLimits(this IServiceCollection services, ServiceSettings settings)
    {
        services.AddSingleton<LateConnections>();
        services.PostConfigure<HostFilteringOptions>(hosts => hosts.AllowedHosts = [.. settings.AllowedHosts]);
        // Now, not at the first request: an address that is none stops the start.
        var proxies = settings.TrustedProxies.Select(Network).ToArray();
        services.Configure<ForwardedHeadersOptions>(forwarded => Trust(forwarded, proxies));
        return services;
    }

    /// <summary>Only configured proxies, and none of the framework's defaults, which trust the loopback address.</summary>
    private static void Trust(ForwardedHeadersOptions forwarded, IReadOnlyList<IPNetwork> proxies)
    {
        forwarded.ForwardedHeaders = proxies.Count == 0 ? ForwardedHeaders.None : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
        {
            forwarded.KnownIPNetworks.Add(proxy);
        }

        // As many as there are between the client and here: each of them must be a known one.
        forwarded.ForwardLimit = null;
    }

    private static IPNetwork Network(string proxy)
    {
        if (IPNetwork.TryParse(proxy, out var network))
        {
            return network;
        }

        return System.Net.IPAddress.TryParse(proxy, out var address)
            ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
            : throw new SettingsException(
                "CONVERSATION_SERVICE_TRUSTED_PROXIES", """must list addresses or networks, such as ["10.0.0.7", "172.30.85.0/24"]""");
    }
}
