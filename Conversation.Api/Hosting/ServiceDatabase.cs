using Conversation.Api.Configuration;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Data.Postgres;
using Conversation.Migrations.Runner;

namespace Conversation.Api.Hosting;

/// <summary>
/// The database that the service runs on: the configured one, or a private server that is started before anything else and stopped
/// after everything else.
/// </summary>
internal sealed class ServiceDatabase : IAsyncDisposable
{
    private readonly EmbeddedPostgresServer? _server;

    private ServiceDatabase(string connectionString, string? keyFolder, EmbeddedPostgresServer? server)
    {
        ConnectionString = connectionString;
        KeyFolder = keyFolder;
        _server = server;
    }

    public string ConnectionString { get; }

    /// <summary>Where development keys are kept; null where there is no private server.</summary>
    public string? KeyFolder { get; }

    /// <summary>One that runs, and has the schema already.</summary>
    public static ServiceDatabase Existing(string connectionString) => new(connectionString, keyFolder: null, server: null);

    /// <summary>
    /// Finds or starts it, waits until it answers, and, outside production, brings it to the current schema; in production that is the
    /// operator's to do, and is waited for.
    /// </summary>
    /// <exception cref="SchemaException">The schema is newer than this version, or the database refuses the user.</exception>
    public static async Task<ServiceDatabase> StartAsync(ServiceSettings settings, string contentRoot, CancellationToken token)
    {
        var database = settings.DatabaseUrl is { } url
            ? new ServiceDatabase(DatabaseUrl.ToConnectionString(url), keyFolder: null, server: null)
            : await StartPrivateAsync(settings, contentRoot, token);
        try
        {
            var wait = new DatabaseWait(database.ConnectionString, TimeProvider.System, Console.Out.WriteLine);
            var migrator = new SchemaMigrator(database.ConnectionString, Console.Out.WriteLine);
            if (settings.IsProduction)
            {
                await wait.CurrentAsync(migrator, token);
            }
            else
            {
                await wait.AnswerAsync(asked => DatabaseAdmin.EnsureExistsAsync(database.ConnectionString, asked), token);
                await wait.AnswerAsync(migrator.UpgradeAsync, token);
            }

            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    private static async Task<ServiceDatabase> StartPrivateAsync(ServiceSettings settings, string contentRoot, CancellationToken token)
    {
        var folder = EmbeddedPostgresFolder.Choose(settings.PostgresData, contentRoot);
        var server = await EmbeddedPostgresServer.StartAsync(
            new EmbeddedPostgresOptions { Folder = folder, BinFolder = settings.PostgresBin, Progress = Console.Out.WriteLine }, token);
        return new ServiceDatabase(server.ConnectionString, folder, server);
    }
}
