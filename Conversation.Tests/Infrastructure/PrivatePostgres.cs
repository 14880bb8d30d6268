using System.Globalization;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Migrations.Runner;
using Npgsql;

namespace Conversation.Tests.Infrastructure;

/// <summary>A PostgreSQL of a test's own, to be paused, restarted and killed.</summary>
internal sealed class PrivatePostgres : IAsyncDisposable
{
    private readonly string _folder;
    private EmbeddedPostgresServer? _server;

    private PrivatePostgres(string folder) => _folder = folder;

    public string ConnectionString => _server!.ConnectionString;

    private string Data => Path.Combine(_folder, "data");

    /// <param name="folder">Where its data lies, a folder that does not exist yet; null for one of its own.</param>
    /// <param name="isDurable">Whether commits wait for the disk.</param>
    public static async Task<PrivatePostgres> StartAsync(string? folder = null, bool isDurable = false)
    {
        var postgres = new PrivatePostgres(folder ?? TestFolders.New());
        postgres._server = await EmbeddedPostgresServer.StartAsync(
            new EmbeddedPostgresOptions { Folder = postgres._folder, Durable = isDurable }, Patience.Token);
        await DatabaseAdmin.EnsureExistsAsync(postgres.ConnectionString, Patience.Token);
        await new SchemaMigrator(postgres.ConnectionString, _ => { }).UpgradeAsync(Patience.Token);
        return postgres;
    }

    /// <summary>Sets one of the server's own settings, for every session from now on.</summary>
    public async Task SetAsync(string setting)
    {
        await using var connection = new NpgsqlConnection($"{ConnectionString};Pooling=false");
        await connection.OpenAsync(Patience.Token);
        foreach (var sql in new[] { $"ALTER SYSTEM SET {setting}", "SELECT pg_reload_conf()" })
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(Patience.Token);
        }
    }

    /// <summary>Stops every process of the server for a while: it neither answers nor refuses.</summary>
    public async Task PauseAsync(TimeSpan time)
    {
        await SignalAsync("STOP");
        // The fault itself, not a wait for something to happen.
        await Task.Delay(time, TimeProvider.System, CancellationToken.None);
        await SignalAsync("CONT");
    }

    public async Task RestartAsync()
    {
        var outcome = await TryRestartAsync(Patience.Token);
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Text);
    }

    /// <summary>Kills every process of the server, and starts it again: it recovers from its log.</summary>
    public async Task KillAndStartAsync()
    {
        var postmaster = Postmaster.Read(Data)!.ProcessId.ToString(CultureInfo.InvariantCulture);
        var children = (await ChildProcess.RunAsync("pgrep", ["-P", postmaster], Patience.Token)).Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await ChildProcess.RunAsync("kill", ["-KILL", postmaster, .. children], Patience.Token);
        await ForgetDeadAsync();
    }

    /// <summary>Starts it again where it has given up.</summary>
    public async Task EnsureRunningAsync()
    {
        if (Postmaster.Read(Data) is not { } postmaster || !IsAlive(postmaster.ProcessId))
        {
            await ForgetDeadAsync();
        }
    }

    /// <summary>
    /// Where nobody reaps orphans, as in many containers, a dead postmaster goes on to exist and would keep its pid file's lock: the
    /// file is taken away once it is dead.
    /// </summary>
    private async Task ForgetDeadAsync()
    {
        for (var dying = Patience.Token; Postmaster.Read(Data) is { } postmaster; dying.ThrowIfCancellationRequested())
        {
            if (!IsAlive(postmaster.ProcessId))
            {
                File.Delete(Path.Combine(Data, "postmaster.pid"));
            }
        }

        // A backend that was forked while the others were killed holds their memory until it sees that its postmaster is gone.
        for (var patience = Patience.Token; ;)
        {
            var outcome = await TryRestartAsync(CancellationToken.None);
            if (outcome.ExitCode == 0)
            {
                return;
            }

            Assert.That(patience.IsCancellationRequested, Is.False, outcome.Text);
        }
    }

    private async Task<ChildProcess.Outcome> TryRestartAsync(CancellationToken token)
    {
        var binaries = await new PostgresBinariesLocator(new EmbeddedPostgresOptions { Folder = _folder }).LocateAsync(_server!.Major, token);
        return await ChildProcess.RunAsync(
            binaries.PgCtl, ["restart", "-w", "-m", "fast", "-D", Data, "-l", Path.Combine(_folder, "server.log")], token, ServerAccount.Name);
    }

    private static bool IsAlive(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task SignalAsync(string signal)
    {
        var postmaster = Postmaster.Read(Data)!.ProcessId.ToString(CultureInfo.InvariantCulture);
        await ChildProcess.RunAsync("pkill", [$"-{signal}", "-P", postmaster], Patience.Token);
        await ChildProcess.RunAsync("kill", [$"-{signal}", postmaster], Patience.Token);
    }
}
