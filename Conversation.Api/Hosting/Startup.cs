using System.Runtime.InteropServices;
using Conversation.Api.Configuration;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Migrations.Runner;
using Microsoft.Extensions.Configuration.Memory;

namespace Conversation.Api.Hosting;

/// <summary>Runs the service from its start to its end. What can be mended by the operator is said in one line, not in a trace.</summary>
internal static partial class Startup
{
    public const string DefaultUrl = "http://localhost:8005";

    /// <summary>The exit code of a start that a signal ended, as shells count Ctrl+C.</summary>
    private const int Interrupted = 130;

    public static async Task<int> RunAsync(string[] args)
    {
        using var end = new CancellationTokenSource();
        var stopping = CancellationToken.None;
        try
        {
            var builder = WebApplication.CreateBuilder(args);
            var file = EnvFile.Open();
            // First in the list: whatever else says something counts more.
            builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = file.Values! });
            var settings = SettingsReader.Read(builder.Configuration, file);
            if (args.Contains(HealthProbe.Argument))
            {
                return await HealthProbe.RunAsync(builder.Configuration["urls"], settings);
            }

            if (string.IsNullOrEmpty(builder.Configuration["urls"]))
            {
                builder.WebHost.UseUrls(DefaultUrl);
            }

            FreeAddress.Require(builder.Configuration["urls"] ?? DefaultUrl);
            using var interrupt = EndOn(PosixSignal.SIGINT, end);
            using var terminate = EndOn(PosixSignal.SIGTERM, end);
            await using var database = await ServiceDatabase.StartAsync(settings, builder.Environment.ContentRootPath, end.Token);
            await using var app = builder.AddConversation(settings, database).Build();
            Announce(app.Logger, file);
            app.UseConversation();
            // Kept, because the services are gone once the run has ended.
            var loops = app.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToList();
            // From here on the host handles signals itself.
            stopping = app.Lifetime.ApplicationStopping;
            interrupt.Dispose();
            terminate.Dispose();
            end.Token.ThrowIfCancellationRequested();
            await app.RunAsync();
            return loops.Exists(loop => loop.ExecuteTask is { IsFaulted: true }) ? 1 : 0;
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested || stopping.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Interrupted.");
            return Interrupted;
        }
        catch (Exception error) when (error is SettingsException or EmbeddedPostgresException or SchemaException
            or MigrationException or FormatException)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return 1;
        }
    }

    /// <summary>A signal ends the start in order, so that a private server is stopped again; the second one ends the process.</summary>
    private static PosixSignalRegistration EndOn(PosixSignal signal, CancellationTokenSource end) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = !end.IsCancellationRequested;
        end.Cancel();
    });

    private static void Announce(ILogger logger, EnvFile file)
    {
        if (file.Values.Count > 0)
        {
            Log.FileRead(logger, file.Path!, file.Values.Count);
        }
        else if (EnvFile.IsNamed)
        {
            Log.FileEmpty(logger, EnvFile.Variable, file.Path!);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(191, LogLevel.Warning, "{Variable} names {File}, which is not there or empty.")]
        public static partial void FileEmpty(ILogger logger, string variable, string file);

        [LoggerMessage(190, LogLevel.Information, "{Count} variables come from {File}; what the environment says counts more.")]
        public static partial void FileRead(ILogger logger, string file, int count);
    }
}
