using Conversation.Api.AgentRuns;
using Conversation.Api.AgentRuntimes;
using Conversation.Api.Auth;
using Conversation.Api.Background;
using Conversation.Api.Configuration;
using Conversation.Api.Errors;
using Conversation.Api.Feed;
using Conversation.Api.Health;
using Conversation.Api.Housekeeping;
using Conversation.Api.Langflow;
using Conversation.Api.Limits;
using Conversation.Api.Machines;
using Conversation.Api.Messages;
using Conversation.Api.Observability;
using Conversation.Api.OpenApi;
using Conversation.Api.Realtime;
using Conversation.Api.Spa;
using Conversation.Api.Transfer;
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
        builder.WebHost.ConfigureKestrel(kestrel => RequestLimits.Apply(kestrel, settings));
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(settings);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(settings.DrainSeconds) + RestAfterDrain);
        // Nothing here protects data by the framework's keys; without this it would keep some in the user's home and say so.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddSingleton<IHostLifetime, SignalLifetime>();
        services.AddNodeStop(settings);
        services.AddRequestLimits(settings);
        services.AddTelemetry(settings);
        services.AddErrors();
        services.AddConversationData(database.ConnectionString);
        services.AddAuth(settings, database.KeyFolder);
        services.AddLimits(settings);
        services.AddMachineTokens();
        services.AddFeed();
        services.AddMessages();
        services.AddTransfer(settings);
        services.AddLangflow(settings);
        services.AddAgentRuntimes(settings);
        services.AddAgentRuns(settings);
        services.AddRealtime(settings);
        services.AddHousekeeping(settings);
        services.AddHealth();
        services.AddOpenApiDocument();
        services.AddApiControllers(settings);
        services.AddCors(cors => cors.AddDefaultPolicy(policy => Origins.Allow(policy, settings.CorsAllowOrigins)));
        return builder;
    }

    public static WebApplication UseConversation(this WebApplication app)
    {
        var settings = app.Services.GetRequiredService<ServiceSettings>();
        app.UseForwardedHeaders();
        app.UseTelemetry(settings);
        app.Services.WarnOfKeys();
        app.UseMiddleware<RequestIdMiddleware>();
        app.UseMiddleware<RequestLogMiddleware>();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseSpa(settings);
        app.UseOpenApiDocument(settings.RootPath);
        app.UseRouting();
        app.UseCors();
        app.UseAddressLimit();
        app.UseAuthentication();
        app.UsePrincipalLimit();
        app.UseAuthorization();
        app.UseWebSockets();
        app.UseMiddleware<HubHandshakeMiddleware>();
        app.UseMiddleware<SocketOriginMiddleware>();
        app.MapControllers();
        app.MapRealtime(settings.RootPath);
        return app;
    }
}
