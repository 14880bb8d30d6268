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

    protected static string Data(string folder) => Path.Combine(folder, "data");

    protected static string PidFile(string folder) => Path.Combine(Data(folder), "postmaster.pid");

    /// <summary>Leaves a server running without an owner that recovers, and refuses connections, until it is promoted.</summary>
    protected static async Task RecoverAsync(string folder)
    {
        await using (var server = await EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token))
        {
            await MarkAsync(server, "recovered");
        }

        await File.WriteAllTextAsync(Path.Combine(Data(folder), "standby.signal"), "");
        var port = FreePort.Find();
        await PgCtlAsync(
            "start", "-w", "-D", Data(folder), "-l", Path.Combine(folder, "server.log"),
            "-o", $"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c hot_standby=off");
    }

    protected static async Task RefusedAsync(string folder)
    {
        for (var patience = Patience.Token; ; patience.ThrowIfCancellationRequested())
        {
            var log = await File.ReadAllTextAsync(Path.Combine(folder, "server.log"), patience);
            if (log.Contains("FATAL:  the database system is", StringComparison.Ordinal))
            {
                return;
            }
        }
    }

    protected static async Task PgCtlAsync(params string[] arguments)
    {
        var folder = arguments[Array.IndexOf(arguments, "-D") + 1];
        var binaries = await new PostgresBinariesLocator(Options(folder)).LocateAsync(dataMajor: null, Patience.Token);
        var outcome = await ChildProcess.RunAsync(binaries.PgCtl, arguments, Patience.Token, ServerAccount.Name);
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Text);
    }
}
