using System.Diagnostics.CodeAnalysis;
using Conversation.Data.Postgres;
using Npgsql;

namespace Conversation.Data.Log;

/// <summary>
/// The appender's own connection: kept open so that its statements stay prepared, given up after any failure that may have broken
/// it.
/// </summary>
internal sealed class LogConnection(NpgsqlDataSource source) : IAsyncDisposable
{
    /// <summary>Longer than a stall that the database survives: an outcome that can still be waited for is better than an unknown one.</summary>
    private const int CommandTimeoutSeconds = 20;

    /// <summary>Longer than the 5 s that the end of a lost connection is waited for.</summary>
    private const int FindTimeoutSeconds = 8;

    /// <summary>The driver bounds the connection's own time, but not the handshake of TLS (Npgsql 10).</summary>
    private static readonly TimeSpan LongestOpen = TimeSpan.FromSeconds(10);

    /// <summary>A row that is held for longer than the lock's time-out holds up only its own conversation.</summary>
    private const string Settings =
        "SELECT set_config('lock_timeout', '250ms', FALSE), set_config('application_name', $1, FALSE)";

    private NpgsqlConnection? _connection;
    private readonly HashSet<string> _lost = [];
    private string? _name;

    /// <summary>
    /// Applies the items in one round trip. Npgsql sends a batch with a single Sync, so it is one transaction: all of it or nothing
    /// (PostgreSQL manual, section 55.2.4, pipelining).
    /// </summary>
    public async Task ApplyAsync(IReadOnlyList<LogItem> items, CancellationToken token)
    {
        var connection = await OpenAsync(token);
        await using var batch = new NpgsqlBatch(connection) { Timeout = CommandTimeoutSeconds };
        var locked = items.Where(item => item.LocksConversation).Select(item => item.ConversationId).Distinct().ToArray();
        batch.BatchCommands.Add(Command(LogSql.LockConversationsSql, locked));
        var runs = items.Select(item => item.RunId).OfType<Guid>().Distinct().ToArray();
        if (runs.Length > 0)
        {
            batch.BatchCommands.Add(Command(LogSql.LockRunsSql, runs));
        }

        var kinds = items.GroupBy(item => item.Statement).Select(kind => (Statement: kind.Key, Items: kind.ToArray())).ToArray();
        foreach (var (statement, kindItems) in kinds)
        {
            batch.BatchCommands.Add(statement.Bind(kindItems));
        }

        await using var reader = await batch.ExecuteReaderAsync(token);
        if (runs.Length > 0)
        {
            await reader.NextResultAsync(token);
        }

        foreach (var (_, kindItems) in kinds)
        {
            await reader.NextResultAsync(token);
            while (await reader.ReadAsync(token))
            {
                kindItems[reader.GetInt32(0)].Read(reader);
            }
        }
    }

    /// <summary>Which conversations nobody holds a lock on, those among them that do not exist.</summary>
    public async Task<HashSet<Guid>> FreeAsync(Guid[] conversations, CancellationToken token)
    {
        var free = new HashSet<Guid>();
        await using var batch = new NpgsqlBatch(await OpenAsync(token)) { BatchCommands = { Command(LogSql.FreeConversationsSql, conversations) } };
        await using var reader = await batch.ExecuteReaderAsync(token);
        while (await reader.ReadAsync(token))
        {
            free.Add(reader.GetGuid(0));
        }

        return free;
    }

    /// <summary>Writes that the log holds although their reply was lost, by their id. Definite: the lost connection is ended first.</summary>
    /// <exception cref="TimeoutException">It does not end.</exception>
    public async Task<Dictionary<Guid, Changed>> FindAsync(IReadOnlyList<LogItem> items, CancellationToken token)
    {
        var connection = await OpenAsync(token);
        await using var batch = new NpgsqlBatch(connection)
        {
            Timeout = FindTimeoutSeconds,
            BatchCommands =
            {
                Command<string>(LogSql.EndLostBackendSql, [.. _lost]),
                Command<Guid>(
                    LogSql.FindWritesSql, [.. items.Select(item => item.ConversationId)], [.. items.Select(item => item.WriteId)]),
            },
        };
        var found = new Dictionary<Guid, Changed>();
        await using var reader = await batch.ExecuteReaderAsync(token);
        while (await reader.ReadAsync(token))
        {
            if (!reader.GetBoolean(0))
            {
                throw new TimeoutException("The server's side of a lost connection does not end: what it commits is not known yet.");
            }
        }

        await reader.NextResultAsync(token);
        while (await reader.ReadAsync(token))
        {
            found[reader.GetGuid(0)] = new Changed(reader.GetInt64(1), reader.GetDateTime(2));
        }

        _lost.Clear();
        return found;
    }

    /// <summary>Closes the connection; the next use opens a new one.</summary>
    public async ValueTask ResetAsync()
    {
        if (_connection is { } broken)
        {
            _connection = null;
            _lost.Add(_name!);
            // Not back into the pool: after a batch that could not be sent, Npgsql counts statements as prepared that the server never saw.
            source.Clear();
            await broken.DisposeAsync();
        }
    }

    public ValueTask DisposeAsync() => ResetAsync();

    private static NpgsqlBatchCommand Command<T>([ConstantExpected] string sql, params T[][] arrays)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var array in arrays)
        {
            command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = array });
        }

        return command;
    }

    private static NpgsqlBatchCommand Command([ConstantExpected] string sql, string text) =>
        new(sql) { Parameters = { new NpgsqlParameter<string> { TypedValue = text } } };

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken token)
    {
        if (_connection is null)
        {
            var connection = await ConnectAsync(token);
            try
            {
                var name = $"conversation-log-{Ids.New():N}";
                await using var settings = new NpgsqlBatch(connection) { BatchCommands = { Command(Settings, name) } };
                await settings.ExecuteNonQueryAsync(token);
                _name = name;
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }

            _connection = connection;
        }

        return _connection;
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken token)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(token);
        patience.CancelAfter(LongestOpen);
        try
        {
            return await source.OpenConnectionAsync(patience.Token);
        }
        catch (OperationCanceledException error) when (!token.IsCancellationRequested)
        {
            throw new TimeoutException("No connection was made in time.", error);
        }
    }
}
