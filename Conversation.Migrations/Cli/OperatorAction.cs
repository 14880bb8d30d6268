using System.Net.Sockets;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Migrations.Bootstrap;
using Conversation.Migrations.Configuration;
using Conversation.Migrations.Runner;
using Npgsql;

namespace Conversation.Migrations.Cli;

/// <summary>What every command begins with.</summary>
/// <param name="File">The file of variables.</param>
/// <param name="Settings">What it and the environment say.</param>
internal sealed record OperatorContext(EnvFile File, OperatorSettings Settings);

/// <summary>Runs a command and turns what went wrong into a line on standard error and an exit code.</summary>
internal static class OperatorAction
{
    public static async Task<int> RunAsync(Func<OperatorContext, Task<int>> act, CancellationToken token)
    {
        try
        {
            var file = EnvFile.Open();
            return await act(new OperatorContext(file, OperatorSettings.Read(file)));
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Interrupted.");
            return ExitCodes.Interrupted;
        }
        catch (PostgresException error)
        {
            await Console.Error.WriteLineAsync($"PostgreSQL: {error.MessageText}.");
            return ExitCodes.Failed;
        }
        catch (Exception error) when (error is NpgsqlException or EmbeddedPostgresException or FormatException or SettingsException
            or MigrationException or SchemaException or BootstrapException or IOException or UnauthorizedAccessException
            or SocketException or TimeoutException)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return ExitCodes.Failed;
        }
    }
}
