using System.Net.Sockets;
using Conversation.Data.Postgres;
using Conversation.Migrations.Runner;
using Npgsql;

namespace Conversation.Api.Hosting;

/// <summary>
/// Waits for a database that is not there yet, or not ready: whichever is started first, service or database, the outcome is the same.
/// What no waiting mends ends the start.
/// </summary>
internal sealed class DatabaseWait(string connectionString, TimeProvider time, Action<string> say)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan SayAgain = TimeSpan.FromSeconds(10);

    private string? _said;
    private long _saidAt;

    /// <summary>Where it is, without a password.</summary>
    private string Place { get; } = Describe(new NpgsqlConnectionStringBuilder(connectionString));

    /// <summary>Tries until the database answers.</summary>
    /// <exception cref="SchemaException">The database refuses the user or the password.</exception>
    public async Task<T> AnswerAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken token)
    {
        while (true)
        {
            try
            {
                return await ask(token);
            }
            catch (PostgresException error) when (SqlStates.IsRefusal(error))
            {
                throw new SchemaException(
                    $"The database at {Place} refuses the user: {error.MessageText}. Check CONVERSATION_SERVICE_DATABASE_URL.");
            }
            catch (Exception error) when (error is NpgsqlException or SocketException or TimeoutException)
            {
                Say($"Waiting for the database at {Place}: {Reason(error)}");
                await Task.Delay(Pause, time, token);
            }
        }
    }

    /// <summary>Waits until someone has brought the database to this version's schema.</summary>
    /// <exception cref="SchemaException">The schema is newer.</exception>
    public async Task CurrentAsync(SchemaMigrator migrator, CancellationToken token)
    {
        while (true)
        {
            var state = await AnswerAsync(migrator.InspectAsync, token);
            state.RefuseNewer();
            if (state.Missing.Count == 0)
            {
                return;
            }

            Say($"Waiting for the schema of the database at {Place}: it lacks {state.Missing.Count} migrations. Run Conversation.Migrations upgrade.");
            await Task.Delay(Pause, time, token);
        }
    }

    private void Say(string line)
    {
        if (line == _said && time.GetElapsedTime(_saidAt) < SayAgain)
        {
            return;
        }

        (_said, _saidAt) = (line, time.GetTimestamp());
        say(line);
    }

    private static string Reason(Exception error) => error is PostgresException postgres ? postgres.MessageText : error.GetBaseException().Message;

    private static string Describe(NpgsqlConnectionStringBuilder database) => $"{database.Host}:{database.Port}/{database.Database}";
}
