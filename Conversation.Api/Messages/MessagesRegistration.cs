using Conversation.Api.Limits;
using Conversation.Data.Log;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Api.Messages;

internal static class MessagesRegistration
{
    public static IServiceCollection AddMessages(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => new MessageSender(
            provider.GetRequiredService<ConversationLog>(),
            provider.GetRequiredService<IRunDispatch>(),
            provider.GetRequiredService<ContentLimit>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<MessagePages>();
        return services;
    }
}
