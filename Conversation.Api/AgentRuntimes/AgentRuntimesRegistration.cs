using Conversation.Api.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Api.AgentRuntimes;

internal static class AgentRuntimesRegistration
{
    public static IServiceCollection AddAgentRuntimes(this IServiceCollection services, ServiceSettings settings)
    {
        services.TryAddSingleton(new SimulatedRuntimeOptions { Pace = TimeSpan.FromMilliseconds(settings.SimulatedPaceMs) });
        services.TryAddSingleton(new AgentRuntimeOptions());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAgentRuntime, SimulatedRuntime>());
        services.TryAddSingleton<AgentRuntimeRegistry>();
        return services;
    }
}
