using Conversation.Api.Auth;
using Conversation.Api.Configuration;
using Conversation.Api.Limits;
using Conversation.Api.Wire;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Api.Realtime;

internal static class RealtimeRegistration
{
    /// <summary>How much longer than content a legacy client's text may be, in bytes: it is only sent back to it.</summary>
    private const int Overhead = 64 * 1024;

    /// <summary>
    /// How long a hub's client may take to read one frame before it is cut off. A reader is never closed for being slow, so it is as long as
    /// the longest answer takes at 30 KB/s, and not for ever, because a frame that nobody reads holds memory. A client that is gone is found
    /// long before: it says nothing any more.
    /// </summary>
    private static readonly TimeSpan LongestSend = TimeSpan.FromMinutes(5);

    public static IServiceCollection AddRealtime(this IServiceCollection services, ServiceSettings settings)
    {
        services.TryAddSingleton<ConversationAccess>();
        services.TryAddSingleton<EventStreams>();
        services.TryAddSingleton(provider => new EventDoors(
            provider.GetRequiredService<ConversationAccess>(), provider.GetRequiredService<EventStreams>()));
        services.TryAddSingleton(new SocketOptions
        {
            MaxCommandBytes = ContentLimit.LongestBody(settings),
            MaxEchoBytes = settings.MaxContentBytes + Overhead,
            MinBytesPerSecond = settings.MinBodyBytesPerSecond,
            AllowedOrigins = settings.CorsAllowOrigins,
        });
        services
            .AddSignalR(hub =>
            {
                hub.MaximumReceiveMessageSize = ContentLimit.LongestBody(settings);
                hub.AddFilter<HubErrorFilter>();
                hub.AddFilter<HubLimits>();
            })
            .AddJsonProtocol(json => WireJson.Configure(json.PayloadSerializerOptions))
            .AddMessagePackProtocol(pack => pack.SerializerOptions = pack.SerializerOptions.WithResolver(JsonBridgeResolver.Instance));
        services.TryAddSingleton<HubLimits>();
        services.TryAddSingleton<FollowingLifetimeManager>();
        services.AddSingleton<HubLifetimeManager<ConversationHub>>(provider => provider.GetRequiredService<FollowingLifetimeManager>());
        return services;
    }

    public static void MapRealtime(this IEndpointRouteBuilder endpoints, string root)
    {
        endpoints
            .MapHub<ConversationHub>($"{root}/hubs/conversations", hub =>
            {
                hub.CloseOnAuthenticationExpiration = true;
                hub.TransportSendTimeout = LongestSend;
            })
            .WithMetadata(new TokenInQueryAttribute());
        var socket = ActivatorUtilities.CreateInstance<ConversationSocketEndpoint>(endpoints.ServiceProvider);
        endpoints
            .Map($"{root}/ws/conversations/{{{ConversationSocketEndpoint.RouteParameter}}}", socket.InvokeAsync)
            .RequireAuthorization()
            .WithMetadata(new TokenInQueryAttribute())
            .WithDisplayName("Conversation socket");
    }
}
