using Conversation.Api.Configuration;
using Conversation.Api.Messages;
using Conversation.Data.Log;
using Conversation.Data.Runs;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Api.AgentRuns;

internal static class AgentRunsRegistration
{
    /// <summary>Hosted services stop in the reverse order: first the runs, then what keeps their leases and their text.</summary>
    public static IServiceCollection AddAgentRuns(this IServiceCollection services, ServiceSettings settings)
    {
        services.TryAddSingleton<NodeIdentity>();
        services.TryAddSingleton(new RunOptions
        {
            Drain = TimeSpan.FromSeconds(settings.DrainSeconds),
            RollUp = TimeSpan.FromMilliseconds(settings.RollUpMs),
        });
        services.TryAddSingleton<RunSteps>();
        services.TryAddSingleton<RunAnswerFactory>();
        services.TryAddSingleton<RunExecutor>();
        services.TryAddSingleton<CheckpointWriter>();
        services.TryAddSingleton<RunWorker>();
        services.TryAddSingleton(provider => new RunCanceller(
            provider.GetRequiredService<ConversationLog>(),
            provider.GetRequiredService<RunRepository>(),
            provider.GetRequiredService<RunWorker>()));
        services.TryAddSingleton<IRunDispatch>(provider => provider.GetRequiredService<RunWorker>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, CheckpointWriter>(
            provider => provider.GetRequiredService<CheckpointWriter>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, LeaseKeeper>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RunSweeper>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RunWorker>(
            provider => provider.GetRequiredService<RunWorker>()));
        return services;
    }
}
