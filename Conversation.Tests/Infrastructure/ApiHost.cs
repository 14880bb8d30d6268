using Conversation.Api.Configuration;
using Conversation.Api.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.Infrastructure;

/// <summary>The service inside the test's process, on a real socket and a database of its own.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ApiHost(WebApplication app, string connectionString)
    {
        _app = app;
        ConnectionString = connectionString;
        Address = new Uri(app.Urls.First());
    }

    public static ServiceSettings Settings { get; } = new()
    {
        Environment = ServiceEnvironments.Development,
        LoggingLevel = "WARNING",
        UserJwtSecretKey = TestTokens.UserKey,
        UserJwtIssuer = TestTokens.UserIssuer,
        UserJwtAudience = TestTokens.Audience,
        M2mJwtSecretKey = TestTokens.M2mKey,
        M2mJwtIssuer = TestTokens.M2mIssuer,
        M2mJwtAudience = TestTokens.Audience,
        SimulatedPaceMs = 2,
        DrainSeconds = 5,
        RateLimit = 0,
        MaxConnectionsPerPrincipal = 0,
        ReconnectJitterMs = 100,
    };

    public Uri Address { get; }

    public string ConnectionString { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<ApiHost> StartAsync(
        Func<ServiceSettings, ServiceSettings>? change = null,
        Action<IServiceCollection>? services = null,
        string? connectionString = null)
    {
        var database = connectionString ?? await TestPostgres.NewDatabaseAsync();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ApplicationName = "Conversation.Api",
            ContentRootPath = Path.Combine(Checkout.Root, "Conversation.Api"),
        });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddConversation(change is null ? Settings : change(Settings), ServiceDatabase.Existing(database));
        services?.Invoke(builder.Services);
        var app = builder.Build();
        app.UseConversation();
        await app.StartAsync();
        return new ApiHost(app, database);
    }

    public ApiClient As(string token) => new(Address, token);

    public ApiClient AsUser(Guid? user = null) => As(TestTokens.User(user ?? Guid.CreateVersion7()));

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
