using Conversation.Api.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Api.Housekeeping;

internal static class HousekeepingRegistration
{
    public static IServiceCollection AddHousekeeping(this IServiceCollection services, ServiceSettings settings)
    {
        services.TryAddSingleton(new HousekeepingOptions
        {
            IdempotencyHours = settings.IdempotencyHours,
            DeletedHours = settings.DeletedHours,
        });
        services.TryAddSingleton<HousekeepingMetrics>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, Housekeeper>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, DatabaseWatch>());
        return services;
    }
}
