using System.ComponentModel;
using System.Diagnostics;

namespace Conversation.Data.EmbeddedPostgres;

/// <summary>Runs a program to its end and gives back what it printed.</summary>
internal static class ChildProcess
{
    public sealed record Outcome(int ExitCode, string Output, string Error)
    {
        public string Text => $"{Output}{Error}".Trim();
    }

    /// <exception cref="Win32Exception">The program does not exist or may not be run.</exception>
    public static async Task<Outcome> RunAsync(
        string program,
        IEnumerable<string> arguments,
        CancellationToken token,
        string? user = null,
        string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder ?? Path.GetPathRoot(Environment.CurrentDirectory),
        };
        if (user is not null)
        {
            start.UserName = user;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(token);
        var error = process.StandardError.ReadToEndAsync(token);
        try
        {
            await process.WaitForExitAsync(token);
            return new Outcome(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
