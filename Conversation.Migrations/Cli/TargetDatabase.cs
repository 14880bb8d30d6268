using Conversation.Data.EmbeddedPostgres;
using Conversation.Data.Postgres;
using Conversation.Migrations.Configuration;

namespace Conversation.Migrations.Cli;

/// <summary>The database that a command works on: the configured one, or the checkout's private server.</summary>
internal sealed class TargetDatabase : IAsyncDisposable
{
    private readonly EmbeddedPostgresServer? _server;

    private TargetDatabase(string connectionString, EmbeddedPostgresServer? server)
    {
        ConnectionString = connectionString;
        _server = server;
    }

    public string ConnectionString { get; }

    public static async Task<TargetDatabase> OpenAsync(OperatorSettings settings, CancellationToken token)
    {
        if (settings.DatabaseUrl is { } url)
        {
            return new TargetDatabase(DatabaseUrl.ToConnectionString(url), server: null);
        }

        var server = await EmbeddedPostgresServer.StartOrJoinAsync(
            new EmbeddedPostgresOptions
            {
                Folder = EmbeddedPostgresFolder.Choose(settings.PostgresData, EnvFile.Home),
                BinFolder = settings.PostgresBin,
                Progress = Console.Error.WriteLine,
            },
            token);
        return new TargetDatabase(server.ConnectionString, server);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
