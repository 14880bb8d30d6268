using System.Diagnostics;

namespace Conversation.Tests.Infrastructure;

/// <summary>The operator's commands as processes, started from the built program.</summary>
internal static class OperatorProcess
{
    public sealed record Outcome(int ExitCode, string Output, string Error)
    {
        public string Text => $"{Output}{Error}";
    }

    /// <param name="environment">The settings; the machine's own are taken out.</param>
    /// <param name="input">What is typed; then the input ends.</param>
    /// <param name="folder">Where it is run.</param>
    /// <param name="arguments">The command.</param>
    public static async Task<Outcome> RunAsync(
        IReadOnlyDictionary<string, string?> environment, string? input, string? folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Conversation.Migrations.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Checkout.Root,
        };
        TestEnvironment.Clear(start.Environment);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
        }

        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync().OrTimeout();
            return new Outcome(process.ExitCode, await output, await error);
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>On a database, with nothing typed.</summary>
    public static Task<Outcome> RunAsync(string database, params string[] arguments) => RunAsync(On(database), input: null, folder: null, arguments);

    public static Dictionary<string, string?> On(string database) => new() { ["CONVERSATION_SERVICE_DATABASE_URL"] = database };
}
