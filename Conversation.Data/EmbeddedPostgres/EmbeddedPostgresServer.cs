using System.Globalization;
using Npgsql;

namespace Conversation.Data.EmbeddedPostgres;

/// <summary>
/// A private PostgreSQL server: the real engine on a free port of the loopback interface, with data that survives restarts.
/// Dispose it to stop the server (unless another process owns it).
/// </summary>
public sealed class EmbeddedPostgresServer : IAsyncDisposable
{
    private const string Superuser = "conversation";
    private const string DatabaseName = "conversation";

    private readonly DataFolder _data;
    private readonly FolderLock? _ownership;

    private EmbeddedPostgresServer(DataFolder data, FolderLock? ownership, int port)
    {
        _data = data;
        _ownership = ownership;
        ConnectionString = Connection(data, port, DatabaseName);
    }

    /// <summary>For Npgsql, with the database <c>conversation</c>, which may not exist yet.</summary>
    public string ConnectionString { get; }

    /// <summary>The major version of the server that runs.</summary>
    public int Major => _data.Binaries.Major;

    /// <summary>Starts the server of the folder as its only owner, adopting one that a killed owner left running.</summary>
    /// <param name="options">Where and with what.</param>
    /// <param name="token">Ends the attempt.</param>
    /// <exception cref="EmbeddedPostgresException">Another process owns the folder, or no fitting binaries are to be had.</exception>
    public static async Task<EmbeddedPostgresServer> StartAsync(EmbeddedPostgresOptions options, CancellationToken token)
    {
        await ServerAccount.CreateFolderAsync(options.Folder, token);
        var ownership = FolderLock.TryTake(options.Folder) ?? throw new EmbeddedPostgresException(
            $"Another process already runs on the database in {options.Folder}. Stop it, or give this one its own "
            + "by CONVERSATION_SERVICE_POSTGRES_DATA (a folder) or CONVERSATION_SERVICE_DATABASE_URL (a server).");
        try
        {
            var data = await DataFolder.OpenAsync(options, Superuser, token);
            var port = await AdoptAsync(data, token) ?? await data.StartAsync(token);
            return new EmbeddedPostgresServer(data, ownership, port);
        }
        catch
        {
            ownership.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="StartAsync"/>, but where another process owns the folder its running server is used, and left running.</summary>
    /// <param name="options">Where and with what.</param>
    /// <param name="token">Ends the attempt.</param>
    public static async Task<EmbeddedPostgresServer> StartOrJoinAsync(EmbeddedPostgresOptions options, CancellationToken token)
    {
        await ServerAccount.CreateFolderAsync(options.Folder, token);
        using (var free = FolderLock.TryTake(options.Folder))
        {
            if (free is null)
            {
                var data = await DataFolder.OpenAsync(options, Superuser, token);
                if (await AdoptAsync(data, token) is { } port)
                {
                    return new EmbeddedPostgresServer(data, ownership: null, port);
                }
            }
        }

        return await StartAsync(options, token);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_ownership is null)
        {
            return;
        }

        // The process is ending: stopping the server is the last thing it does, and nothing may cut it short.
        await _data.StopAsync(CancellationToken.None);
        _ownership.Dispose();
    }

    /// <summary>
    /// The port of a server that already runs on exactly this folder, null where there is none. One that runs but does not answer
    /// is stopped.
    /// </summary>
    private static async Task<int?> AdoptAsync(DataFolder data, CancellationToken token)
    {
        if (Postmaster.Read(data.Path) is not { } postmaster)
        {
            return null;
        }

        try
        {
            await using var connection = new NpgsqlConnection(Connection(data, postmaster.Port, "postgres"));
            await connection.OpenAsync(token);
            await using var command = new NpgsqlCommand("SHOW data_directory", connection);
            if (Path.GetFullPath((string)(await command.ExecuteScalarAsync(token))!) == data.Path)
            {
                return postmaster.Port;
            }
        }
        catch (NpgsqlException)
        {
            await data.StopAsync(token);
        }

        return null;
    }

    private static string Connection(DataFolder data, int port, string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = port,
        Username = Superuser,
        Password = data.Password,
        Database = database,
        Timeout = 5,
        Pooling = database == DatabaseName,
        IncludeErrorDetail = false,
        ApplicationName = string.Create(CultureInfo.InvariantCulture, $"conversation-{Environment.ProcessId}"),
    }.ConnectionString;
}
