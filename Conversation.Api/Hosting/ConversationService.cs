using Conversation.Api.AgentRuns;
using Conversation.Api.AgentRuntimes;
using Conversation.Api.Auth;
using Conversation.Api.Configuration;
using Conversation.Api.Errors;
using Conversation.Api.Feed;
using Conversation.Api.Health;
using Conversation.Api.Messages;
using Conversation.Api.Observability;
using Conversation.Api.OpenApi;
using Conversation.Api.Realtime;
using Conversation.Api.Spa;
using Conversation.Data;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Api.Hosting;

/// <summary>Composes the service from its features.</summary>
internal static class ConversationService
{
    private static readonly TimeSpan RestAfterDrain = TimeSpan.FromSeconds(8);

    public static WebApplicationBuilder AddConversation(this WebApplicationBuilder builder, ServiceSettings settings, ServiceDatabase database)
    {
        builder.Logging.AddObservability(settings);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = RequestLimits.LongestBody(settings));
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(settings);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(settings.DrainSeconds) + RestAfterDrain);
        // Nothing here protects data by the framework's keys; without this it would keep some in the user's home and say so.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddErrors();
        services.AddConversationData(database.ConnectionString);
        services.AddAuth(settings, database.KeyFolder);
        services.AddFeed();
        services.AddMessages(settings);
        services.AddAgentRuntimes(settings);
        services.AddAgentRuns(settings);
        services.AddRealtime(settings);
        services.AddHealth();
        services.AddOpenApiDocument();
        services.AddApiControllers(settings);
        services.AddCors(cors => cors.AddDefaultPolicy(policy => Origins.Allow(policy, settings.CorsAllowOrigins)));
        return builder;
    }

    public static WebApplication UseConversation(this WebApplication app)
    {
        var settings = app.Services.GetRequiredService<ServiceSettings>();
        app.UseMiddleware<RequestIdMiddleware>();
        app.UseMiddleware<RequestLogMiddleware>();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseSpa(settings);
        app.UseOpenApiDocument(settings.RootPath);
        app.UseRouting();
        app.UseCors();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseWebSockets();
        app.UseMiddleware<SocketOriginMiddleware>();
        app.MapControllers();
        app.MapRealtime(settings.RootPath);
        return app;
    }
}
