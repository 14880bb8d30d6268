using Conversation.Api.Configuration;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Conversation.Api.Auth;

internal static partial class AuthRegistration
{
    public static IServiceCollection AddAuth(this IServiceCollection services, ServiceSettings settings, string? keyFolder)
    {
        // Now, not at the first request: a key that cannot be used stops the start.
        services.TryAddSingleton(TokenKeys.From(settings, keyFolder));
        services.TryAddSingleton(provider => new DevelopmentTokens(
            provider.GetRequiredService<TokenKeys>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(_ => new CallerResolver(settings));
        services.TryAddSingleton<IConfigureOptions<JwtBearerOptions>, ConfigureBearer>();
        services.TryAddSingleton<TokenVerifier>();
        services.TryAddSingleton<TokenExpiry>();
        services.TryAddSingleton<VerifiedTokens>();
        services
            .AddAuthentication(AuthSchemes.Token)
            .AddJwtBearer(AuthSchemes.User)
            .AddJwtBearer(AuthSchemes.M2m)
            .AddScheme<AuthenticationSchemeOptions, TokenHandler>(AuthSchemes.Token, configureOptions: null);
        // By the default scheme: a policy that names one has every request authenticated twice.
        services.AddAuthorizationBuilder().SetDefaultPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        return services;
    }

    /// <summary>Says in the log what the operator should know of the keys.</summary>
    public static void WarnOfKeys(this IServiceProvider services)
    {
        var logger = services.GetRequiredService<ILogger<TokenKeys>>();
        foreach (var warning in services.GetRequiredService<TokenKeys>().Warnings)
        {
            Log.Warn(logger, warning);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(250, LogLevel.Warning, "{Warning}")]
        public static partial void Warn(ILogger logger, string warning);
    }
}
