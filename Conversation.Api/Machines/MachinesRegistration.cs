using Conversation.Api.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Api.Machines;

internal static class MachinesRegistration
{
    /// <summary>Connections are made anew now and then, so that a sibling that moved is found.</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    public static IServiceCollection AddMachineTokens(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => new MachineTokens(
            provider.GetRequiredService<ServiceSettings>(),
            new TokenEndpoint(
                new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = ConnectionLifetime }), provider.GetRequiredService<ServiceSettings>()),
            ClientCredentials.ReadAgain,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<MachineTokens>>()));
        return services;
    }
}
