using System.Diagnostics;
using System.Globalization;
using System.Text;
using Conversation.Data.EmbeddedPostgres;

namespace Conversation.Tests.Infrastructure;

/// <summary>The service as a process of its own, started from the built program as `dotnet run` starts it.</summary>
internal sealed class ApiProcess : IAsyncDisposable
{
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A test ended it, or expected it to end.</summary>
    private bool _mayEnd;

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
        try
        {
            await Task.WhenAny(api._started.Task, api.Process.WaitForExitAsync()).OrTimeout();
            return api.Process.HasExited ? throw new InvalidOperationException("It ended.") : api;
        }
        catch
        {
            // Nobody else would end it.
            await api.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it without waiting, for starts that have to wait themselves.</summary>
    public static ApiProcess Begin(IReadOnlyDictionary<string, string?> environment) => Launch(environment, user: null);

    /// <summary>Waits until it listens.</summary>
    public Task StartedAsync() => _started.Task.OrTimeout();

    /// <summary>Waits until it has said something.</summary>
    public async Task SaidAsync(string text)
    {
        var said = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        DataReceivedEventHandler look = (_, _) =>
        {
            if (Output.Contains(text, StringComparison.Ordinal))
            {
                said.TrySetResult();
            }
        };
        Process.OutputDataReceived += look;
        look(this, null!);
        await said.Task.OrTimeout();
        Process.OutputDataReceived -= look;
    }

    /// <summary>Starts one that is expected to give up, and waits until it has.</summary>
    public static async Task<(int ExitCode, string Output)> RunToEndAsync(IReadOnlyDictionary<string, string?> environment, Uri? address = null)
    {
        await using var api = Launch(environment, user: null, address);
        api._mayEnd = true;
        await api.Process.WaitForExitAsync().OrTimeout();
        return (api.Process.ExitCode, api.Output);
    }

    /// <summary>Ends it at once, as `kill -9` does.</summary>
    public async Task KillAsync()
    {
        _mayEnd = true;
        Process.Kill();
        await Process.WaitForExitAsync().OrTimeout();
    }

    /// <summary>Sends it a signal, such as STOP or CONT.</summary>
    public async Task SignalAsync(string signal)
    {
        _mayEnd |= signal is not ("STOP" or "CONT");
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
        var mayEnd = _mayEnd;
        var hadEnded = Process.HasExited;
        if (!hadEnded)
        {
            await StopAsync();
        }

        // One that was about to die of something else does not end with 0.
        if ((!mayEnd && (hadEnded || Process.ExitCode != 0)) || Output.Contains(" crit: ", StringComparison.Ordinal))
        {
            await TestContext.Out.WriteLineAsync(
                string.Create(CultureInfo.InvariantCulture, $"The service at {Address} ended by itself, with {Process.ExitCode}:\n{Output}"));
        }
        else
        {
            foreach (var line in Output.Split('\n').Where(line => line.Contains(" fail: ", StringComparison.Ordinal)))
            {
                await TestContext.Out.WriteLineAsync(line);
            }
        }

        Process.Dispose();
    }

    private static ApiProcess Launch(IReadOnlyDictionary<string, string?> environment, string? user, Uri? address = null)
    {
        address ??= new Uri($"http://127.0.0.1:{FreePort.Find()}");
        var start = Foreground.DotNet(Path.Combine(AppContext.BaseDirectory, "Conversation.Api.dll"), "--urls", address.ToString());
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.WorkingDirectory = Path.Combine(Checkout.Root, "Conversation.Api");
        if (user is not null)
        {
            start.UserName = user;
        }

        TestEnvironment.Clear(start.Environment);
        // Tests send as one principal what a crowd would; those that are about a limit set it.
        start.Environment["CONVERSATION_SERVICE_RATE_LIMIT"] = "0";
        start.Environment["CONVERSATION_SERVICE_MAX_CONNECTIONS_PER_PRINCIPAL"] = "0";
        start.Environment["CONVERSATION_SERVICE_RECONNECT_JITTER_MS"] = "100";
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
}
