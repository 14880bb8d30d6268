using Conversation.Api.Background;
using Conversation.Data.Postgres;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Api.Health;

internal static class HealthRegistration
{
    public static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => new Readiness(
            provider.GetRequiredService<DbSession>(), provider.GetRequiredService<NodeStop>()));
        return services;
    }
}
