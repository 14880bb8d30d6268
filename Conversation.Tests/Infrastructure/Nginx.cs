using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Conversation.Data.EmbeddedPostgres;

namespace Conversation.Tests.Infrastructure;

/// <summary>Debian's nginx with the file that compose.yaml mounts; only addresses and folders are those of the test.</summary>
internal sealed partial class Nginx : IAsyncDisposable
{
    private const string AccessLog = "access.log";

    private readonly Process _process;
    private readonly string _folder;
    private readonly ConcurrentQueue<string> _errors = [];

    private Nginx(Process process, string folder, Uri address)
    {
        _process = process;
        _folder = folder;
        Address = address;
    }

    public Uri Address { get; }

    /// <summary>Everything that it has written: its log of accesses, and its errors.</summary>
    public async Task<string> OutputAsync() =>
        await File.ReadAllTextAsync(Path.Combine(_folder, AccessLog)) + string.Join('\n', _errors);

    public static async Task<Nginx> StartAsync(params Uri[] nodes)
    {
        var program = DebianProgram.Require("nginx");
        var folder = TestFolders.New();
        Directory.CreateDirectory(folder);
        var address = new Uri($"http://127.0.0.1:{FreePort.Find()}");
        var text = await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "Conversation.Api", "nginx.conf"));
        var servers = nodes.Select(node => $"server {node.Authority} max_fails=1 fail_timeout=2s;");
        text = ServerLines().Replace(text, "");
        text = text
            .Replace("zone conversation 64k;", $"zone conversation 64k;\n{string.Join('\n', servers)}", StringComparison.Ordinal)
            .Replace("listen 8080;", $"listen {address.Authority};", StringComparison.Ordinal)
            .Replace("/tmp/", $"{folder}/", StringComparison.Ordinal)
            .Replace("/dev/stdout", Path.Combine(folder, AccessLog), StringComparison.Ordinal);
        var file = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(file, text);
        var start = new ProcessStartInfo(program, ["-c", file, "-p", folder, "-g", $"daemon off; {User()}"]) { RedirectStandardError = true };
        var nginx = new Nginx(Process.Start(start)!, folder, address);
        nginx._process.ErrorDataReceived += (_, line) => nginx.Note(line.Data);
        nginx._process.BeginErrorReadLine();
        await nginx.ListeningAsync();
        return nginx;
    }

    public async ValueTask DisposeAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync().OrTimeout();
        await _process.WaitForExitAsync().OrTimeout();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Note(string? line)
    {
        if (line is not null)
        {
            _errors.Enqueue(line);
            TestContext.Progress.WriteLine(line);
        }
    }

    /// <summary>The workers of a privileged master would otherwise be a user who cannot reach the folder.</summary>
    private static string User() => Environment.IsPrivilegedProcess ? "user root;" : "";

    private async Task ListeningAsync()
    {
        while (true)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(Address.Host, Address.Port, Patience.Token);
                return;
            }
            catch (SocketException) when (!_process.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
            }
        }
    }

    [GeneratedRegex(@"server replica-\d:8000[^;]*;")]
    private static partial Regex ServerLines();
}
