using System.Globalization;
using System.Net.Sockets;
using Conversation.Data.Postgres;
using Npgsql;

namespace Conversation.Data.EmbeddedPostgres;

/// <summary>Asks the server that may run on a folder; nothing is changed by it.</summary>
internal static class RunningServer
{
    public const string Superuser = "conversation";
    public const string DatabaseName = "conversation";

    public enum State
    {
        /// <summary>It answers, on exactly this folder.</summary>
        Serves,

        /// <summary>It says that it is starting, recovering or stopping: no need to do anything but wait.</summary>
        Changes,

        /// <summary>Nothing answers, or not as it should.</summary>
        Fails,
    }

    /// <param name="State">What it does.</param>
    /// <param name="Port">Where it listens, if it serves.</param>
    /// <param name="Text">Why it does not serve.</param>
    public sealed record Answer(State State, int Port = 0, string Text = "");

    public static async Task<Answer> AskAsync(EmbeddedPostgresOptions options, CancellationToken token)
    {
        if (Postmaster.Read(options.DataFolder) is not { } postmaster)
        {
            return new Answer(State.Fails, Text: "none runs");
        }

        try
        {
            await using var connection = new NpgsqlConnection(await ConnectionAsync(options, postmaster.Port, "postgres", token));
            await connection.OpenAsync(token);
            await using var command = new NpgsqlCommand("SHOW data_directory", connection);
            return Path.GetFullPath((string)(await command.ExecuteScalarAsync(token))!) == options.DataFolder
                ? new Answer(State.Serves, postmaster.Port)
                : new Answer(State.Fails, Text: $"port {postmaster.Port} is another server's");
        }
        catch (PostgresException error) when (SqlStates.IsStartingOrStopping(error))
        {
            return new Answer(State.Changes, Text: error.MessageText);
        }
        catch (Exception error) when (error is NpgsqlException or SocketException or TimeoutException)
        {
            return new Answer(State.Fails, Text: error.Message);
        }
    }

    /// <summary>For Npgsql.</summary>
    public static async Task<string> ConnectionAsync(EmbeddedPostgresOptions options, int port, string database, CancellationToken token) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = port,
            Username = Superuser,
            Password = await File.ReadAllTextAsync(options.PasswordFile, token),
            Database = database,
            Timeout = 5,
            Pooling = database == DatabaseName,
            IncludeErrorDetail = false,
            ApplicationName = string.Create(CultureInfo.InvariantCulture, $"conversation-{Environment.ProcessId}"),
        }.ConnectionString;
}
