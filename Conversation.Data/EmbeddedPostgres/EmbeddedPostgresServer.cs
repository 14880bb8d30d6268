using System.ComponentModel;

namespace Conversation.Data.EmbeddedPostgres;

/// <summary>
/// A private PostgreSQL server: the real engine on a free port of the loopback interface, with data that survives restarts.
/// Dispose it to stop the server (unless another process owns it).
/// </summary>
public sealed class EmbeddedPostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan JoinPause = TimeSpan.FromMilliseconds(200);

    /// <summary>How long the owner of the folder may be without a server that answers.</summary>
    private static readonly TimeSpan LongestJoin = TimeSpan.FromMinutes(1);

    private readonly DataFolder? _owned;

    private EmbeddedPostgresServer(string connectionString, int major, DataFolder? owned)
    {
        ConnectionString = connectionString;
        Major = major;
        _owned = owned;
    }

    /// <summary>For Npgsql, with the database <c>conversation</c>, which may not exist yet.</summary>
    public string ConnectionString { get; }

    /// <summary>The major version of the server that runs.</summary>
    public int Major { get; }

    /// <summary>Starts the server of the folder as its only owner, adopting one that a killed owner left running.</summary>
    /// <param name="options">Where and with what.</param>
    /// <param name="token">Ends the attempt.</param>
    /// <exception cref="EmbeddedPostgresException">
    /// Another process owns the folder, it cannot be used, or no fitting binaries are to be had.
    /// </exception>
    public static Task<EmbeddedPostgresServer> StartAsync(EmbeddedPostgresOptions options, CancellationToken token) =>
        OpenAsync(options, mayJoin: false, token);

    /// <summary>
    /// As <see cref="StartAsync"/>, but where another process owns the folder its server is used, and left running: it is waited for, up to
    /// a minute, and as long as it recovers.
    /// </summary>
    /// <param name="options">Where and with what.</param>
    /// <param name="token">Ends the attempt.</param>
    /// <exception cref="EmbeddedPostgresException">
    /// The owner's server does not answer, the folder cannot be used, or no fitting binaries are to be had.
    /// </exception>
    public static Task<EmbeddedPostgresServer> StartOrJoinAsync(EmbeddedPostgresOptions options, CancellationToken token) =>
        OpenAsync(options, mayJoin: true, token);

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _owned?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task<EmbeddedPostgresServer> OpenAsync(EmbeddedPostgresOptions options, bool mayJoin, CancellationToken token)
    {
        // The programs are run in another folder than this process.
        options = options with { Folder = Path.GetFullPath(options.Folder), BinFolder = options.BinFolder is { } bin ? Path.GetFullPath(bin) : null };
        try
        {
            await ServerAccount.CreateFolderAsync(options.Folder, token);
            if (FolderLock.TryTake(options.Folder) is { } ownership)
            {
                return await OwnAsync(options, ownership, token);
            }

            return mayJoin ? await JoinAsync(options, token) : throw new EmbeddedPostgresException(
                $"Another process already runs on the database in {options.Folder}. Stop it, or give this one its own "
                + "by CONVERSATION_SERVICE_POSTGRES_DATA (a folder) or CONVERSATION_SERVICE_DATABASE_URL (a server).");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or Win32Exception or FormatException)
        {
            throw new EmbeddedPostgresException($"No private PostgreSQL can run in {options.Folder}: {error.Message}", error);
        }
    }

    private static async Task<EmbeddedPostgresServer> JoinAsync(EmbeddedPostgresOptions options, CancellationToken token)
    {
        var time = TimeProvider.System;
        var begin = time.GetTimestamp();
        while (true)
        {
            var answer = await RunningServer.AskAsync(options, token);
            if (answer.State == RunningServer.State.Serves)
            {
                return await MakeAsync(options, answer.Port, owned: null, token);
            }

            if (answer.State == RunningServer.State.Changes)
            {
                begin = time.GetTimestamp();
            }
            else if (time.GetElapsedTime(begin) > LongestJoin)
            {
                throw new EmbeddedPostgresException(
                    $"Another process runs on the database in {options.Folder}, and its server does not answer: {answer.Text}.");
            }

            await Task.Delay(JoinPause, time, token);
            // The owner may have ended meanwhile.
            if (FolderLock.TryTake(options.Folder) is { } ownership)
            {
                return await OwnAsync(options, ownership, token);
            }
        }
    }

    private static async Task<EmbeddedPostgresServer> OwnAsync(EmbeddedPostgresOptions options, FolderLock ownership, CancellationToken token)
    {
        DataFolder? data = null;
        try
        {
            data = await DataFolder.OpenAsync(options, ownership, token);
            return await MakeAsync(options, await data.StartAsync(token), data, token);
        }
        catch
        {
            if (data is not null)
            {
                await data.DisposeAsync();
            }

            ownership.Dispose();
            throw;
        }
    }

    private static async Task<EmbeddedPostgresServer> MakeAsync(
        EmbeddedPostgresOptions options, int port, DataFolder? owned, CancellationToken token)
    {
        var connectionString = await RunningServer.ConnectionAsync(options, port, RunningServer.DatabaseName, token);
        return new EmbeddedPostgresServer(connectionString, (await DataFolder.MajorOfAsync(options, token))!.Value, owned);
    }
}
