using Conversation.Data.Postgres;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Conversation.Data.Log;

/// <summary>
/// Commits batches and answers every item, whatever happens: one bad item fails only its own caller, a lost reply is looked up,
/// a locked conversation waits by itself. Used by one loop; not cancelled by a stop, the database's time-outs bound it.
/// </summary>
internal sealed partial class LogCommitter(
    NpgsqlDataSource source,
    IEnumerable<ICommitListener> listeners,
    LogMetrics metrics,
    TimeProvider time,
    ILogger<LogCommitter> logger) : IAsyncDisposable
{
    private const int Retries = 5;

    /// <summary>As long as the caller waits: after that it has been told that the conversation is locked.</summary>
    private static readonly TimeSpan LongestPark = ConversationLog.PatienceForCommit - TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly ICommitListener[] _listeners = [.. listeners];
    private readonly LogConnection _connection = new(source);
    private readonly ParkedWrites _parked = new();

    public bool HasParked => !_parked.IsEmpty;

    /// <summary>Takes an item whose conversation is locked by someone else, so that it waits for its turn.</summary>
    public bool TryPark(LogItem item)
    {
        if (!_parked.HasWaiting(item.ConversationId))
        {
            return false;
        }

        Park(item);
        return true;
    }

    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

    public async Task CommitAsync(IReadOnlyList<LogItem> items)
    {
        if (items.Any(item => item.MayBeStored))
        {
            items = await ResolveAsync(items, cause: null);
        }

        for (var attempt = 0; items.Count > 0; attempt++)
        {
            try
            {
                await _connection.ApplyAsync(items, CancellationToken.None);
                Answer([.. items.Where(item => !item.MustBeAlone)]);
                await OneByOneAsync([.. items.Where(item => item.MustBeAlone)]);
                return;
            }
            catch (PostgresException error) when (SqlStates.IsLockTimeout(error))
            {
                items = await ParkLockedAsync(items);
            }
            catch (PostgresException error) when (SqlStates.IsTransient(error) && attempt < Retries)
            {
                Reset(items);
            }
            catch (PostgresException error) when (!SqlStates.IsUnavailable(error))
            {
                await OneByOneAsync(items, error);
                return;
            }
            catch (Exception error) when (SqlStates.IsUnavailable(error))
            {
                Log.Lost(logger, items.Count, error);
                items = await ResolveAsync(items, error);
            }
        }
    }

    /// <summary>Commits what had waited for a locked conversation that is free now.</summary>
    public async Task CommitParkedAsync()
    {
        if (_parked.IsEmpty)
        {
            return;
        }

        Fail(
            _parked.TakeOlderThan(LongestPark, time),
            new DatabaseUnavailableException("The conversation is locked by another transaction; nothing was stored. Try again shortly."));
        await CommitAsync(_parked.TakeFirst(await FreeAsync(_parked.Conversations)));
    }

    /// <summary>The server rolled all of it back and said so: one bad item may fail only its own caller.</summary>
    private async Task OneByOneAsync(IReadOnlyList<LogItem> items, PostgresException error)
    {
        Reset(items);
        if (items.Count == 1)
        {
            Log.Refused(logger, error);
            items[0].Fail(SqlStates.IsBadValue(error)
                ? new UnstorableValueException("The database cannot store a value of this request.", error)
                : error);
            return;
        }

        await OneByOneAsync(items);
    }

    private async Task OneByOneAsync(IReadOnlyList<LogItem> items)
    {
        Reset(items);
        foreach (var item in items)
        {
            await CommitAsync([item]);
        }
    }

    /// <summary>Sets the items of locked conversations aside.</summary>
    /// <returns>The others.</returns>
    private async Task<IReadOnlyList<LogItem>> ParkLockedAsync(IReadOnlyList<LogItem> items)
    {
        Reset(items);
        var free = await FreeAsync([.. items.Select(item => item.ConversationId).Distinct()]);
        var rest = items.Where(item => !item.LocksConversation || free.Contains(item.ConversationId)).ToList();
        if (rest.Count == items.Count)
        {
            // The conversations are free by now, or another row is held: whoever needs it finds out alone.
            if (items.Count == 1)
            {
                Park(items[0]);
                return [];
            }

            await OneByOneAsync(items);
            return [];
        }

        foreach (var item in items.Except(rest))
        {
            Park(item);
        }

        return rest;
    }

    private void Park(LogItem item)
    {
        if (!_parked.TryPark(item))
        {
            item.Fail(new DatabaseUnavailableException("Too much waits for locked conversations; nothing was stored. Try again shortly."));
        }
    }

    private async Task<HashSet<Guid>> FreeAsync(Guid[] conversations)
    {
        try
        {
            return await _connection.FreeAsync(conversations, CancellationToken.None);
        }
        catch (Exception error) when (SqlStates.IsUnavailable(error))
        {
            await _connection.ResetAsync();
            return [];
        }
    }

    /// <summary>
    /// The connection was lost, and with it the reply, now or in an earlier try: asks a new one what the log holds. What it holds is answered; what it does
    /// not is sent again; where it cannot be asked, the callers are told that the outcome is unknown.
    /// </summary>
    /// <returns>What is to be sent again.</returns>
    private async Task<IReadOnlyList<LogItem>> ResolveAsync(IReadOnlyList<LogItem> items, Exception? cause)
    {
        Reset(items);
        for (var attempt = 0; attempt < Retries; attempt++)
        {
            await _connection.ResetAsync();
            try
            {
                var found = await _connection.FindAsync(items, CancellationToken.None);
                var stored = items.Where(item => found.ContainsKey(item.WriteId)).ToArray();
                foreach (var item in stored)
                {
                    item.Recover(found[item.WriteId]);
                }

                Answer(stored);
                return [.. items.Except(stored)];
            }
            catch (Exception error) when (SqlStates.IsUnavailable(error))
            {
                await Task.Delay(Pause, time, CancellationToken.None);
            }
        }

        Fail(items, new DatabaseUnavailableException(
            "The database did not confirm; whether the write was stored is unknown. A retry with the same Idempotency-Key is safe.", cause));
        return [];
    }

    private void Answer(IReadOnlyList<LogItem> items)
    {
        metrics.Committed(items);
        var conversations = items.Select(item => item.ConversationId).ToHashSet();
        foreach (var listener in _listeners)
        {
            listener.Committed(conversations);
        }

        foreach (var item in items)
        {
            item.Complete();
        }
    }

    private static void Fail(IReadOnlyList<LogItem> items, Exception error)
    {
        foreach (var item in items)
        {
            item.Fail(error);
        }
    }

    private static void Reset(IReadOnlyList<LogItem> items)
    {
        foreach (var item in items)
        {
            item.Reset();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(101, LogLevel.Warning, "The connection was lost with a batch of {Count} writes; their outcome is looked up.")]
        public static partial void Lost(ILogger logger, int count, Exception error);

        [LoggerMessage(102, LogLevel.Warning, "The database refused a write.")]
        public static partial void Refused(ILogger logger, Exception error);
    }
}
