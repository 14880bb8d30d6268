using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Conversation.Data.EmbeddedPostgres;

/// <summary>One cluster on disk with the binaries that fit it: made, started and stopped.</summary>
internal sealed class DataFolder
{
    private const int StartAttempts = 5;

    private readonly EmbeddedPostgresOptions _options;
    private readonly string _logFile;

    private DataFolder(EmbeddedPostgresOptions options, PostgresBinaries binaries, string password)
    {
        _options = options;
        _logFile = System.IO.Path.Combine(options.Folder, "server.log");
        Path = DataPath(options);
        Binaries = binaries;
        Password = password;
    }

    public string Path { get; }

    public string Password { get; }

    public PostgresBinaries Binaries { get; }

    /// <summary>The existing cluster, or a new one.</summary>
    public static async Task<DataFolder> OpenAsync(EmbeddedPostgresOptions options, string superuser, CancellationToken token)
    {
        var path = DataPath(options);
        var versionFile = System.IO.Path.Combine(path, "PG_VERSION");
        int? major = File.Exists(versionFile)
            ? int.Parse((await File.ReadAllTextAsync(versionFile, token)).Trim(), CultureInfo.InvariantCulture)
            : null;
        var binaries = await new PostgresBinariesLocator(options).LocateAsync(major, token);
        var passwordFile = System.IO.Path.Combine(options.Folder, "password");
        if (major is null)
        {
            await CreateAsync(options, binaries, passwordFile, superuser, token);
        }

        return new DataFolder(options, binaries, await File.ReadAllTextAsync(passwordFile, token));
    }

    /// <summary>Starts the server on a free port of the loopback interface.</summary>
    public async Task<int> StartAsync(CancellationToken token)
    {
        var outcome = new ChildProcess.Outcome(0, "", "");
        for (var attempt = 1; attempt <= StartAttempts; attempt++)
        {
            // Another program may take the port in between, or the last server's children may still be leaving: try again.
            var port = FreePort();
            outcome = await ChildProcess.RunAsync(
                Binaries.PgCtl,
                ["start", "-w", "-t", "60", "-D", Path, "-l", _logFile, "-o", ServerOptions(port)],
                token,
                ServerAccount.Name);
            if (outcome.ExitCode == 0)
            {
                return port;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200 * attempt), TimeProvider.System, token);
        }

        throw new EmbeddedPostgresException($"PostgreSQL does not start on {Path}; its log is {_logFile}: {outcome.Text}");
    }

    /// <summary>Stops the server of this folder, wherever it was started; nothing happens where none runs.</summary>
    public async Task StopAsync(CancellationToken token) => await ChildProcess.RunAsync(
        Binaries.PgCtl, ["stop", "-w", "-t", "30", "-m", "fast", "-D", Path], token, ServerAccount.Name);

    private static string DataPath(EmbeddedPostgresOptions options) => System.IO.Path.GetFullPath(System.IO.Path.Combine(options.Folder, "data"));

    /// <summary>Made beside its place and moved there whole, so that a kill in the middle leaves nothing to clean by hand.</summary>
    private static async Task CreateAsync(
        EmbeddedPostgresOptions options,
        PostgresBinaries binaries,
        string passwordFile,
        string superuser,
        CancellationToken token)
    {
        options.Progress($"Making a private PostgreSQL {binaries.Major} in {options.Folder}.");
        var scratch = System.IO.Path.Combine(options.Folder, "data.new");
        if (Directory.Exists(scratch))
        {
            Directory.Delete(scratch, recursive: true);
        }

        await ServerAccount.CreateFolderAsync(scratch, token);
        await WritePasswordAsync(passwordFile, token);
        var outcome = await ChildProcess.RunAsync(
            binaries.InitDb,
            ["-D", scratch, "-U", superuser, "-A", "scram-sha-256", $"--pwfile={passwordFile}", "-E", "UTF8", "--locale=C", .. Sync(options)],
            token,
            ServerAccount.Name);
        if (outcome.ExitCode != 0)
        {
            throw new EmbeddedPostgresException($"initdb of {binaries.Folder} failed: {outcome.Text}");
        }

        Directory.Move(scratch, DataPath(options));
    }

    private static async Task WritePasswordAsync(string passwordFile, CancellationToken token)
    {
        await File.WriteAllTextAsync(passwordFile, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)), token);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(passwordFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        if (ServerAccount.Name is { } user)
        {
            await ChildProcess.RunAsync("chown", [user, passwordFile], token);
        }
    }

    private static string[] Sync(EmbeddedPostgresOptions options) => options.Durable ? [] : ["--no-sync"];

    private string ServerOptions(int port)
    {
        var durability = _options.Durable ? "" : " -c fsync=off -c full_page_writes=off";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200{durability}");
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
