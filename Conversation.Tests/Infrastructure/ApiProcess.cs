using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Conversation.Tests.Infrastructure;

/// <summary>The service as a process of its own, started from the built program as `dotnet run` starts it.</summary>
internal sealed class ApiProcess : IAsyncDisposable
{
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ApiProcess(Process process, Uri address)
    {
        Process = process;
        Address = address;
    }

    public Process Process { get; }

    public Uri Address { get; }

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts it and waits until it listens.</summary>
    public static async Task<ApiProcess> StartAsync(
        IReadOnlyDictionary<string, string?> environment, string? user = null, Uri? address = null)
    {
        var api = Launch(environment, user, address);
        await Task.WhenAny(api._started.Task, api.Process.WaitForExitAsync()).OrTimeout();
        return api.Process.HasExited ? throw new InvalidOperationException(api.Output) : api;
    }

    /// <summary>Starts one that is expected to give up, and waits until it has.</summary>
    public static async Task<(int ExitCode, string Output)> RunToEndAsync(IReadOnlyDictionary<string, string?> environment)
    {
        await using var api = Launch(environment, user: null);
        await api.Process.WaitForExitAsync().OrTimeout();
        return (api.Process.ExitCode, api.Output);
    }

    /// <summary>Ends it at once, as `kill -9` does.</summary>
    public async Task KillAsync()
    {
        Process.Kill();
        await Process.WaitForExitAsync().OrTimeout();
    }

    /// <summary>Sends it a signal, such as STOP or CONT.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", Process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync().OrTimeout();
    }

    /// <summary>Asks it to stop, as `kill` or Ctrl+C does.</summary>
    public async Task StopAsync()
    {
        await SignalAsync("TERM");
        await Process.WaitForExitAsync().OrTimeout();
    }

    public async ValueTask DisposeAsync()
    {
        if (!Process.HasExited)
        {
            await StopAsync();
        }

        Process.Dispose();
    }

    private static ApiProcess Launch(IReadOnlyDictionary<string, string?> environment, string? user, Uri? address = null)
    {
        address ??= new Uri($"http://127.0.0.1:{FreePort()}");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Conversation.Api.dll"), "--urls", address.ToString()])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.Combine(Checkout.Root, "Conversation.Api"),
        };
        if (user is not null)
        {
            start.UserName = user;
        }

        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("CONVERSATION_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var api = new ApiProcess(new Process { StartInfo = start }, address);
        api.Process.OutputDataReceived += (_, line) => api.Note(line.Data);
        api.Process.ErrorDataReceived += (_, line) => api.Note(line.Data);
        api.Process.Start();
        api.Process.BeginOutputReadLine();
        api.Process.BeginErrorReadLine();
        return api;
    }

    private void Note(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }

        if (line.Contains("Application started", StringComparison.Ordinal))
        {
            _started.TrySetResult();
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
