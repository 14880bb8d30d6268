using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Conversation.Data.EmbeddedPostgres;

namespace Conversation.Benchmarks;

/// <summary>A service under load, as a process of its own.</summary>
internal sealed class Subject : IAsyncDisposable
{
    private Subject(string name, Process process, Uri address)
    {
        Name = name;
        Process = process;
        Address = address;
    }

    public const string Service = "conversation";
    public const string Bare = "bare Kestrel + Npgsql";
    public const string Node = "Node.js + ws";
    private const string Langflow = "fake Langflow";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public string Name { get; }

    public Process Process { get; }

    public Uri Address { get; }

    public static Task<Subject> StartServiceAsync(string connectionString) =>
        StartServiceAsync(new Dictionary<string, string?> { ["CONVERSATION_SERVICE_DATABASE_URL"] = connectionString });

    /// <summary>Signs the tokens of every node alike.</summary>
    private static readonly string Key = Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));

    /// <summary>The service with an environment of its own.</summary>
    public static Task<Subject> StartServiceAsync(IReadOnlyDictionary<string, string?> environment) => StartAsync(
        Service, "/api/v1/health/ready", url => DotNet("Conversation.Api.dll", "--urls", url), environment);

    public static Task<Subject> StartBareAsync(string connectionString) => StartAsync(
        Bare, "/health", url => DotNet("Conversation.Benchmarks.dll", "bare", connectionString, url), new Dictionary<string, string?>());

    /// <summary>Null where there is no npm, or none that can install: the other measurements do without.</summary>
    /// <param name="heartbeatSeconds">How often it says to each socket that all is well; 0 for never.</param>
    public static async Task<Subject?> StartNodeAsync(int heartbeatSeconds)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Node");
        try
        {
            using var npm = Process.Start(
                new ProcessStartInfo("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]) { WorkingDirectory = folder })!;
            await npm.WaitForExitAsync();
            if (npm.ExitCode != 0)
            {
                await Console.Error.WriteLineAsync($"npm ended with {npm.ExitCode}: no yardstick of Node.js.");
                return null;
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            await Console.Error.WriteLineAsync("npm is not installed: no yardstick of Node.js.");
            return null;
        }

        return await StartAsync(
            Node,
            "/health",
            url => ["node", Path.Combine(folder, "sockets.mjs"), url, heartbeatSeconds.ToString(CultureInfo.InvariantCulture)],
            new Dictionary<string, string?>());
    }

    /// <summary>What the service runs flows on: no subject of the measurement, so its processor time is nobody's.</summary>
    public static Task<Subject> StartLangflowAsync() => StartAsync(
        Langflow, "/api/v1/version", url => DotNet("Conversation.Benchmarks.dll", "fake-langflow", url), new Dictionary<string, string?>());

    /// <summary>A development token of the service.</summary>
    public async Task<string> TokenAsync()
    {
        using var http = new HttpClient { BaseAddress = Address };
        using var response = await http.PostAsync(new Uri("/api/v1/dev/token", UriKind.Relative), content: null);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", Process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        await Process.WaitForExitAsync();
        Process.Dispose();
    }

    private static string[] DotNet(string program, params string[] arguments) =>
        ["dotnet", Path.Combine(AppContext.BaseDirectory, program), .. arguments];

    private static async Task<Subject> StartAsync(
        string name,
        string health,
        Func<string, string[]> command,
        IReadOnlyDictionary<string, string?> environment)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Find()}");
        var words = command(address.ToString());
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            Environment =
            {
                ["CONVERSATION_SERVICE_USER_JWT_SECRET_KEY"] = Key,
                // A line for each request would be measured too.
                ["CONVERSATION_SERVICE_LOGGING_LEVEL"] = "WARNING",
                // One principal sends what a crowd would.
                ["CONVERSATION_SERVICE_RATE_LIMIT"] = "0",
                ["CONVERSATION_SERVICE_MAX_CONNECTIONS_PER_PRINCIPAL"] = "0",
            },
        };
        foreach (var (variable, value) in environment)
        {
            start.Environment[variable] = value;
        }

        var subject = new Subject(name, Process.Start(start)!, address);
        using var http = new HttpClient { BaseAddress = address };
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                using var response = await http.GetAsync(new Uri(health, UriKind.Relative));
                if (response.IsSuccessStatusCode)
                {
                    return subject;
                }
            }
            catch (HttpRequestException) when (!subject.Process.HasExited)
            {
                // It does not listen yet.
            }

            if (TimeProvider.System.GetElapsedTime(started) > Patience)
            {
                await subject.DisposeAsync();
                throw new TimeoutException($"{name} is not ready after {Patience}.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }
}
