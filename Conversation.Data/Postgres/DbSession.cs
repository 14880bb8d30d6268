using System.Data;
using System.Diagnostics.CodeAnalysis;
using Dapper;
using Npgsql;

namespace Conversation.Data.Postgres;

/// <summary>
/// Every read goes through here: the statement is a constant, the token cannot be forgotten, a connection is held for one
/// statement only, a statement that lost a deadlock is sent again, and failures come out translated.
/// </summary>
internal sealed class DbSession(NpgsqlDataSource source)
{
    /// <summary>How much text a page holds, in UTF-16 code units: 8 MiB of memory. The row that passes it is still in it, and may be longer by itself.</summary>
    private const int MostText = 4 * 1024 * 1024;

    private const int Retries = 3;

    public Task<IReadOnlyList<T>> ListAsync<T>([ConstantExpected] string sql, object? arguments, CancellationToken token) =>
        RunAsync<IReadOnlyList<T>>(
            async (connection, command) => (await connection.QueryAsync<T>(command)).AsList(), new CommandDefinition(sql, arguments, cancellationToken: token));

    /// <summary>Rows of any length: as many as their text allows, and at least one. What is left out is not sent by the server.</summary>
    public Task<Page<T>> PageAsync<T>(
        [ConstantExpected] string sql, object? arguments, Func<T, int> length, CancellationToken token, int mostText = MostText) =>
        RunAsync((connection, command) => PageAsync(connection, command, length, mostText), new CommandDefinition(sql, arguments, cancellationToken: token));

    public Task<T?> FindAsync<T>([ConstantExpected] string sql, object? arguments, CancellationToken token) =>
        RunAsync(
            static (connection, command) => connection.QuerySingleOrDefaultAsync<T>(command), new CommandDefinition(sql, arguments, cancellationToken: token));

    public Task<int> ExecuteAsync([ConstantExpected] string sql, object? arguments, CancellationToken token) =>
        RunAsync(static (connection, command) => connection.ExecuteAsync(command), new CommandDefinition(sql, arguments, cancellationToken: token));

    private static async Task<Page<T>> PageAsync<T>(NpgsqlConnection connection, CommandDefinition command, Func<T, int> length, int mostText)
    {
        var rows = new List<T>();
        var text = 0L;
        // Dapper's own unbuffered query asks the server to cancel at its end too, by a connection for each: a list cost ten times as much.
        await using var reader = await connection.ExecuteReaderAsync(command, CommandBehavior.SequentialAccess | CommandBehavior.SingleResult);
        var parse = reader.GetRowParser<T>();
        while (await reader.ReadAsync(command.CancellationToken))
        {
            if (text >= mostText)
            {
                // Otherwise the rest would be sent, and read over, before the connection is free.
                ((IWrappedDataReader)reader).Command.Cancel();
                return new Page<T>(rows, IsCut: true);
            }

            var row = parse(reader);
            rows.Add(row);
            text += length(row);
        }

        return new Page<T>(rows, IsCut: false);
    }

    private async Task<T> RunAsync<T>(Func<NpgsqlConnection, CommandDefinition, Task<T>> run, CommandDefinition command)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(command.CancellationToken);
                return await run(connection, command);
            }
            catch (PostgresException error) when (SqlStates.IsTransient(error) && attempt < Retries)
            {
                // The statement was its own transaction, and nothing of it is left.
            }
            catch (PostgresException error) when ((SqlStates.IsReadOnly(error) || SqlStates.IsStale(error)) && attempt == 0)
            {
                // Not this connection: a new one may be to a server that takes writes, and prepares anew; the pooled ones would go on to refuse.
                source.Clear();
            }
            catch (Exception error) when (SqlStates.IsUnavailable(error) || error is PostgresException held && (SqlStates.IsTransient(held) || SqlStates.IsLockTimeout(held)))
            {
                throw new DatabaseUnavailableException("The database does not answer at the moment. Try again shortly.", error);
            }
        }
    }
}
