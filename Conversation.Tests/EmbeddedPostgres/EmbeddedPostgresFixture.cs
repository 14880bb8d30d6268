using Conversation.Data.EmbeddedPostgres;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.EmbeddedPostgres;

/// <summary>Folders for private servers, and a row by which a server is known again.</summary>
internal abstract class EmbeddedPostgresFixture
{
    private readonly List<string> _folders = [];

    [TearDown]
    public async Task CleanAsync()
    {
        foreach (var folder in _folders.Where(Directory.Exists))
        {
            // Whatever a failed test left running is stopped by its own folder.
            if (Postmaster.Read(Path.Combine(folder, "data")) is not null)
            {
                await using var leftover = await EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token);
            }

            Directory.Delete(folder, recursive: true);
        }

        _folders.Clear();
    }

    protected static async Task MarkAsync(EmbeddedPostgresServer server, string text)
    {
        await using var connection = await OpenAsync(server);
        await using var command = new NpgsqlCommand("CREATE TABLE mark AS SELECT $1::text AS text", connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = text } },
        };
        await command.ExecuteNonQueryAsync();
    }

    protected static async Task<string?> MarkOfAsync(EmbeddedPostgresServer server)
    {
        await using var connection = await OpenAsync(server);
        await using var command = new NpgsqlCommand("SELECT text FROM mark", connection);
        return (string?)await command.ExecuteScalarAsync();
    }

    private static async Task<NpgsqlConnection> OpenAsync(EmbeddedPostgresServer server)
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = "postgres", Pooling = false }.ConnectionString);
        await connection.OpenAsync(Patience.Token);
        return connection;
    }

    protected static EmbeddedPostgresOptions Options(string folder) => new() { Folder = folder, Durable = false };

    protected string NewFolder()
    {
        _folders.Add(TestFolders.New());
        return _folders[^1];
    }
}
