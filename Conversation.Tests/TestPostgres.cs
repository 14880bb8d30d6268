using Conversation.Data.EmbeddedPostgres;
using Conversation.Migrations.Runner;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests;

/// <summary>One real PostgreSQL for the assembly, in a folder that is thrown away, and a migrated template that databases are copied from.</summary>
[SetUpFixture]
internal sealed class TestPostgres
{
    private const string Template = "migrated";

    private static readonly SemaphoreSlim Copying = new(1, 1);
    private static EmbeddedPostgresServer? _server;
    private static string _folder = "";
    private static int _databases;

    public static string ServerConnection => _server!.ConnectionString;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _folder = TestFolders.New();
        _server = await EmbeddedPostgresServer.StartAsync(
            new EmbeddedPostgresOptions { Folder = _folder, Durable = false }, CancellationToken.None);
        var template = ConnectionTo(Template);
        await DatabaseAdmin.EnsureExistsAsync(template, CancellationToken.None);
        await new SchemaMigrator(template, TestContext.Progress.WriteLine).UpgradeAsync(CancellationToken.None);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A new database with the current schema; the server goes away with all of them.</summary>
    public static async Task<string> NewDatabaseAsync()
    {
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await Copying.WaitAsync();
        try
        {
            await using var connection = new NpgsqlConnection(ConnectionTo("postgres"));
            await connection.OpenAsync();
            await using var copy = new NpgsqlCommand($"CREATE DATABASE {name} TEMPLATE {Template}", connection);
            await copy.ExecuteNonQueryAsync();
            return ConnectionTo(name);
        }
        finally
        {
            Copying.Release();
        }
    }

    /// <summary>A connection string of a database that may not exist. Unpooled where the template is meant, which copies need alone.</summary>
    public static string ConnectionTo(string database) => new NpgsqlConnectionStringBuilder(ServerConnection)
    {
        Database = database,
        Pooling = database is not (Template or "postgres"),
        MaxPoolSize = 20,
    }.ConnectionString;
}
