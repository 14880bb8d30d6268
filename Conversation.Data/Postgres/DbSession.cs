using System.Diagnostics.CodeAnalysis;
using Dapper;
using Npgsql;

namespace Conversation.Data.Postgres;

/// <summary>
/// Every read goes through here: the statement is a constant, the token cannot be forgotten, a connection is held for one
/// statement only, and failures come out translated.
/// </summary>
internal sealed class DbSession(NpgsqlDataSource source)
{
    public async Task<IReadOnlyList<T>> ListAsync<T>([ConstantExpected] string sql, object? arguments, CancellationToken token)
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync(token);
            return (await connection.QueryAsync<T>(new CommandDefinition(sql, arguments, cancellationToken: token))).AsList();
        }
        catch (Exception error) when (SqlStates.IsUnavailable(error))
        {
            throw Unavailable(error);
        }
    }

    public async Task<T?> FindAsync<T>([ConstantExpected] string sql, object? arguments, CancellationToken token)
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync(token);
            return await connection.QuerySingleOrDefaultAsync<T>(new CommandDefinition(sql, arguments, cancellationToken: token));
        }
        catch (Exception error) when (SqlStates.IsUnavailable(error))
        {
            throw Unavailable(error);
        }
    }

    public async Task<int> ExecuteAsync([ConstantExpected] string sql, object? arguments, CancellationToken token)
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync(token);
            return await connection.ExecuteAsync(new CommandDefinition(sql, arguments, cancellationToken: token));
        }
        catch (Exception error) when (SqlStates.IsUnavailable(error))
        {
            throw Unavailable(error);
        }
    }

    private static DatabaseUnavailableException Unavailable(Exception error) =>
        new("The database does not answer at the moment. Try again shortly.", error);
}
