using Conversation.Api.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Api.Background;

internal static class BackgroundRegistration
{
    public static IServiceCollection AddNodeStop(this IServiceCollection services, ServiceSettings settings)
    {
        services.TryAddSingleton(new NodeStopOptions
        {
            Delay = TimeSpan.FromSeconds(settings.StopDelaySeconds),
            JitterMilliseconds = settings.ReconnectJitterMs,
        });
        services.TryAddSingleton<NodeStop>();
        return services;
    }
}
