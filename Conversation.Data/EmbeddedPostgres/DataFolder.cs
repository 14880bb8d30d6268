using System.Globalization;
using System.Security.Cryptography;

namespace Conversation.Data.EmbeddedPostgres;

/// <summary>One cluster on disk with the binaries that fit it: made, started and stopped by whoever holds the folder's lock.</summary>
internal sealed class DataFolder : IAsyncDisposable
{
    private const int StartAttempts = 5;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a server that was found running may answer with anything but its data before it is started anew.</summary>
    private static readonly TimeSpan LongestFailure = TimeSpan.FromSeconds(10);

    private readonly EmbeddedPostgresOptions _options;
    private readonly PostgresBinaries _binaries;
    private readonly FolderLock _ownership;

    private DataFolder(EmbeddedPostgresOptions options, PostgresBinaries binaries, FolderLock ownership)
    {
        _options = options;
        _binaries = binaries;
        _ownership = ownership;
    }

    /// <summary>The major version of the existing cluster, null where there is none.</summary>
    public static async Task<int?> MajorOfAsync(EmbeddedPostgresOptions options, CancellationToken token)
    {
        var versionFile = Path.Combine(options.DataFolder, "PG_VERSION");
        return File.Exists(versionFile)
            ? int.Parse((await File.ReadAllTextAsync(versionFile, token)).Trim(), CultureInfo.InvariantCulture)
            : null;
    }

    /// <summary>The existing cluster, or a new one.</summary>
    /// <param name="options">Where and with what.</param>
    /// <param name="ownership">The folder's lock, given back when this is disposed.</param>
    /// <param name="token">Ends the attempt.</param>
    public static async Task<DataFolder> OpenAsync(EmbeddedPostgresOptions options, FolderLock ownership, CancellationToken token)
    {
        var major = await MajorOfAsync(options, token);
        var binaries = await new PostgresBinariesLocator(options).LocateAsync(major, token);
        if (major is null)
        {
            await CreateAsync(options, binaries, token);
        }

        // The server could not make it in a folder that somebody else made.
        if (!File.Exists(options.LogFile))
        {
            await ServerAccount.WriteFileAsync(options.LogFile, "", token);
        }

        return new DataFolder(options, binaries, ownership);
    }

    /// <summary>
    /// Starts the server on a free port of the loopback interface, or adopts one that a killed owner left running. However long it
    /// recovers, it is waited for. After a failure it may run nevertheless, until this is disposed.
    /// </summary>
    /// <returns>The port.</returns>
    public async Task<int> StartAsync(CancellationToken token)
    {
        if (await AdoptAsync(token) is { } running)
        {
            return running;
        }

        var outcome = new ChildProcess.Outcome(0, "", "");
        for (var attempt = 1; attempt <= StartAttempts; attempt++)
        {
            // Another program may take the port in between, or the last server's children may still be leaving: try again.
            var port = FreePort.Find();
            // Short, and so not ended by the token: what it has begun is known when it returns, and asked below if it is not ready.
            outcome = await ChildProcess.RunAsync(
                _binaries.PgCtl,
                ["start", "-w", "-t", "5", "-D", _options.DataFolder, "-l", _options.LogFile, "-o", ServerOptions(port)],
                CancellationToken.None,
                ServerAccount.Name);
            if (outcome.ExitCode == 0)
            {
                return port;
            }

            await Task.Delay(Pause * attempt, TimeProvider.System, token);
            if (await AdoptAsync(token) is { } begun)
            {
                return begun;
            }
        }

        throw new EmbeddedPostgresException(
            $"PostgreSQL does not start on {_options.DataFolder}; its log is {_options.LogFile}: {outcome.Text}");
    }

    /// <summary>Stops the server and frees the folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _ownership.Dispose();
    }

    /// <summary>The port of the server that runs on this folder, null where none does. One that does not come to answer is stopped.</summary>
    private async Task<int?> AdoptAsync(CancellationToken token)
    {
        var time = TimeProvider.System;
        var begin = time.GetTimestamp();
        while (Postmaster.Read(_options.DataFolder) is { } postmaster)
        {
            if (!postmaster.IsAlive())
            {
                Postmaster.Forget(_options.DataFolder);
                return null;
            }

            var answer = await RunningServer.AskAsync(_options, token);
            if (answer.State == RunningServer.State.Serves)
            {
                return answer.Port;
            }

            if (answer.State == RunningServer.State.Changes)
            {
                begin = time.GetTimestamp();
            }
            else if (time.GetElapsedTime(begin) > LongestFailure)
            {
                await StopAsync();
                return null;
            }

            await Task.Delay(Pause, time, token);
        }

        return null;
    }

    /// <summary>
    /// Stops the server of this folder, wherever it was started; nothing happens where none runs. It is the last thing that is done with
    /// the server, and nothing may cut it short.
    /// </summary>
    private async Task StopAsync()
    {
        if (Postmaster.Read(_options.DataFolder) is { } postmaster && postmaster.IsAlive())
        {
            await ChildProcess.RunAsync(
                _binaries.PgCtl, ["stop", "-w", "-t", "30", "-m", "fast", "-D", _options.DataFolder], CancellationToken.None, ServerAccount.Name);
        }
    }

    /// <summary>
    /// Made beside its place and moved there whole, the password first, so that a kill in the middle leaves nothing to clean by hand: where
    /// there is data there is its password.
    /// </summary>
    private static async Task CreateAsync(EmbeddedPostgresOptions options, PostgresBinaries binaries, CancellationToken token)
    {
        options.Progress($"Making a private PostgreSQL {binaries.Major} in {options.Folder}.");
        var scratch = $"{options.DataFolder}.new";
        if (Directory.Exists(scratch))
        {
            Directory.Delete(scratch, recursive: true);
        }

        await ServerAccount.CreateFolderAsync(scratch, token);
        var password = $"{options.PasswordFile}.new";
        await ServerAccount.WriteFileAsync(password, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)), token);
        string[] sync = options.Durable ? [] : ["--no-sync"];
        var outcome = await ChildProcess.RunAsync(
            binaries.InitDb,
            ["-D", scratch, "-U", RunningServer.Superuser, "-A", "scram-sha-256", $"--pwfile={password}", "-E", "UTF8", "--locale=C", .. sync],
            token,
            ServerAccount.Name);
        if (outcome.ExitCode != 0)
        {
            throw new EmbeddedPostgresException($"initdb of {binaries.Folder} failed: {outcome.Text}");
        }

        File.Move(password, options.PasswordFile, overwrite: true);
        Directory.Move(scratch, options.DataFolder);
    }

    private string ServerOptions(int port)
    {
        var durability = _options.Durable ? "" : " -c fsync=off -c full_page_writes=off";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200{durability}");
    }
}
