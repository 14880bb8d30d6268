using Conversation.Api.Configuration;
using Conversation.Data.Conversations;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Api.Transfer;

internal static class TransferRegistration
{
    public static IServiceCollection AddTransfer(this IServiceCollection services, ServiceSettings settings)
    {
        services.TryAddSingleton(provider => new ConversationExport(
            provider.GetRequiredService<ConversationRepository>(), provider.GetRequiredService<MessageRepository>()));
        services.TryAddSingleton(provider => new ConversationImport(
            provider.GetRequiredService<ConversationImporter>(), settings, provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
