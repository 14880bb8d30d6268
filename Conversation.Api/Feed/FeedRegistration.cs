using Conversation.Data.Log;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Api.Feed;

internal static class FeedRegistration
{
    public static IServiceCollection AddFeed(this IServiceCollection services)
    {
        services.TryAddSingleton<LogTail>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ICommitListener, LogTail>(provider => provider.GetRequiredService<LogTail>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHintListener, LogTail>(provider => provider.GetRequiredService<LogTail>()));
        services.TryAddSingleton<FeedNode>();
        services.TryAddSingleton<PostgresBus>();
        services.TryAddSingleton<IFeedBus>(provider => provider.GetRequiredService<PostgresBus>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ICommitListener, PostgresBus>(
            provider => provider.GetRequiredService<PostgresBus>()));
        services.TryAddSingleton<FeedMetrics>();
        services.TryAddSingleton<ConversationFeed>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, PostgresBus>(
            provider => provider.GetRequiredService<PostgresBus>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, PostgresBusListener>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, LogTailReader>());
        return services;
    }
}
