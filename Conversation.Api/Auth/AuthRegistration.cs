using Conversation.Api.Configuration;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Conversation.Api.Auth;

internal static class AuthRegistration
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
        services.TryAddSingleton<VerifiedTokens>();
        services
            .AddAuthentication(AuthSchemes.Token)
            .AddJwtBearer(AuthSchemes.User)
            .AddJwtBearer(AuthSchemes.M2m)
            .AddScheme<AuthenticationSchemeOptions, TokenHandler>(AuthSchemes.Token, configureOptions: null);
        services.AddAuthorizationBuilder().SetDefaultPolicy(
            new AuthorizationPolicyBuilder(AuthSchemes.Token).RequireAuthenticatedUser().Build());
        return services;
    }
}
