using Conversation.Api.Configuration;
using Conversation.Data.Log;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Api.Messages;

internal static class MessagesRegistration
{
    public static IServiceCollection AddMessages(this IServiceCollection services, ServiceSettings settings)
    {
        services.TryAddSingleton(provider => new MessageSender(
            provider.GetRequiredService<ConversationLog>(),
            provider.GetRequiredService<IRunDispatch>(),
            settings,
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
