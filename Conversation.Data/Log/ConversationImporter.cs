using Conversation.Data.Conversations;
using Conversation.Data.Postgres;
using Npgsql;

namespace Conversation.Data.Log;

/// <summary>
/// Stores whole conversations that come from elsewhere. One is there with all of its messages, or not at all: it is one transaction,
/// and nobody can follow, or write to, what is not committed, so the log's appender need not know of it.
/// </summary>
public sealed partial class ConversationImporter
{
    private const int BatchSize = 256;

    /// <summary>In UTF-16 code units: what a batch of long messages may hold in memory.</summary>
    private const int BatchLength = 1024 * 1024;

    private readonly NpgsqlDataSource _source;

    internal ConversationImporter(NpgsqlDataSource source) => _source = source;

    /// <summary>Stores a conversation.</summary>
    /// <param name="conversation">What it begins with.</param>
    /// <param name="messages">
    /// Its messages, oldest first. They are read while a connection is held: they must be at hand, not on their way from a client. What
    /// they throw is thrown on, and nothing is stored.
    /// </param>
    /// <param name="token">Ends it; nothing is stored.</param>
    /// <returns>The conversation as it is now.</returns>
    /// <exception cref="DatabaseUnavailableException">The database does not answer. Whether it was stored is unknown where that was at the commit.</exception>
    /// <exception cref="UnstorableValueException">PostgreSQL refused a value.</exception>
    public async Task<ConversationRow> ImportAsync(
        ImportedConversation conversation, IAsyncEnumerable<ImportedMessage> messages, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        ArgumentNullException.ThrowIfNull(messages);
        try
        {
            await using var connection = await _source.OpenConnectionAsync(token);
            await using var transaction = await connection.BeginTransactionAsync(token);
            var updatedAt = await BeginAsync(connection, conversation, token);
            var lastSeq = await AddAsync(connection, conversation.Id, messages, token);
            await EndAsync(connection, conversation.Id, lastSeq, token);
            await transaction.CommitAsync(token);
            return new ConversationRow(
                conversation.Id,
                conversation.OwnerId,
                conversation.Title,
                conversation.Metadata,
                conversation.Status,
                conversation.OnBusy,
                lastSeq,
                conversation.CreatedAt,
                updatedAt);
        }
        catch (Exception error) when (SqlStates.IsBadValue(error))
        {
            throw new UnstorableValueException("The database cannot store a value of this import.", error);
        }
        catch (Exception error) when (SqlStates.IsUnavailable(error))
        {
            throw new DatabaseUnavailableException("The database does not answer at the moment. Try again shortly.", error);
        }
    }

    private static async Task<DateTime> BeginAsync(NpgsqlConnection connection, ImportedConversation conversation, CancellationToken token)
    {
        await using var command = new NpgsqlCommand(BeginSql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = conversation.Id },
                new NpgsqlParameter<Guid?> { TypedValue = conversation.OwnerId },
                new NpgsqlParameter<string?> { TypedValue = conversation.Title },
                new NpgsqlParameter<string?> { TypedValue = conversation.Metadata },
                new NpgsqlParameter<string> { TypedValue = conversation.Status },
                new NpgsqlParameter<string> { TypedValue = conversation.OnBusy },
                new NpgsqlParameter<DateTime> { TypedValue = conversation.CreatedAt },
            },
        };
        return (DateTime)(await command.ExecuteScalarAsync(token))!;
    }

    private static async Task EndAsync(NpgsqlConnection connection, Guid conversationId, long lastSeq, CancellationToken token)
    {
        await using var command = new NpgsqlCommand(EndSql, connection)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = conversationId }, new NpgsqlParameter<long> { TypedValue = lastSeq } },
        };
        await command.ExecuteNonQueryAsync(token);
    }

    private static async Task<long> AddAsync(
        NpgsqlConnection connection, Guid conversationId, IAsyncEnumerable<ImportedMessage> messages, CancellationToken token)
    {
        var writeId = Ids.New();
        var lastSeq = 0L;
        var pending = new List<ImportedMessage>(BatchSize);
        var length = 0;
        await foreach (var message in messages.WithCancellation(token))
        {
            pending.Add(message);
            length += message.Content.Length + (message.Metadata?.Length ?? 0);
            if (pending.Count == BatchSize || length >= BatchLength)
            {
                await FlushAsync();
            }
        }

        await FlushAsync();
        return lastSeq;

        async Task FlushAsync()
        {
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Add(conversationId, lastSeq, writeId, [.. pending]) } };
            await batch.ExecuteNonQueryAsync(token);
            lastSeq += pending.Count;
            length = 0;
            pending.Clear();
        }
    }

    private static NpgsqlBatchCommand Add(Guid conversationId, long lastSeq, Guid writeId, ImportedMessage[] messages)
    {
        var command = new Columns<ImportedMessage>(messages)
            .Add(_ => Ids.New())
            .Add(message => message.Role)
            .Add(message => message.Content)
            .Add(message => message.Metadata)
            .Add(message => message.Status)
            .Add(message => message.FinishReason)
            .Add(message => message.CreatedAt)
            .Add(message => message.UpdatedAt)
            .ToCommand(AddSql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = conversationId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = lastSeq });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = writeId });
        return command;
    }
}
