using Conversation.Api.Configuration;
using Conversation.Api.Feed;
using Conversation.Api.Messages;
using Conversation.Data.Log;
using Conversation.Data.Messages;
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
            Concurrency = settings.RunConcurrency,
            QueueDepth = settings.RunQueueDepth,
            IdleTimeout = TimeSpan.FromSeconds(settings.RunIdleSeconds),
            TotalTimeout = TimeSpan.FromSeconds(settings.RunSeconds),
            LongestAnswer = settings.MaxAnswerChars,
        });
        services.TryAddSingleton<RunMetrics>();
        services.TryAddSingleton<RunSteps>();
        services.TryAddSingleton<RunAnswerFactory>();
        services.TryAddSingleton<RunExecutor>();
        services.TryAddSingleton<CheckpointWriter>();
        services.TryAddSingleton<RunQueue>();
        services.TryAddSingleton<RunWorker>();
        services.TryAddSingleton(provider => new RunCanceller(
            provider.GetRequiredService<ConversationLog>(),
            provider.GetRequiredService<RunRepository>(),
            provider.GetRequiredService<RunWorker>()));
        services.TryAddSingleton(provider => new RunRepeater(
            provider.GetRequiredService<ConversationLog>(),
            provider.GetRequiredService<MessageRepository>(),
            provider.GetRequiredService<RunRepository>(),
            provider.GetRequiredService<IRunDispatch>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<RunAssignments>();
        services.TryAddSingleton<RunTakeover>();
        services.TryAddSingleton<IRunDispatch, RunDispatch>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, CheckpointWriter>(
            provider => provider.GetRequiredService<CheckpointWriter>()));
        services.TryAddSingleton<LeaseKeeper>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHintListener, LeaseKeeper>(
            provider => provider.GetRequiredService<LeaseKeeper>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, LeaseKeeper>(
            provider => provider.GetRequiredService<LeaseKeeper>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RunSweeper>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, RunWorker>(
            provider => provider.GetRequiredService<RunWorker>()));
        return services;
    }
}
