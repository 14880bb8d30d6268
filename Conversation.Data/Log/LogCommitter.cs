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

    /// <summary>A little less than the caller waits, who is so told that the conversation is locked, and not that the outcome is unknown.</summary>
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

    public Task CommitAsync(IReadOnlyList<LogItem> items) => CommitAsync(items, Retries);

    private async Task CommitAsync(IReadOnlyList<LogItem> items, int retries)
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
            catch (PostgresException error) when (SqlStates.IsTransient(error) && attempt < retries)
            {
                Reset(items);
            }
            catch (PostgresException error) when (!SqlStates.IsUnavailable(error))
            {
                await RefuseAsync(items, error);
                return;
            }
            catch (Exception error) when (SqlStates.IsUnavailable(error))
            {
                Log.Lost(logger, items.Count, error);
                items = await ResolveAsync(items, error);
                if (attempt >= retries)
                {
                    await GiveUpAsync(items, error);
                    return;
                }

                await Task.Delay(attempt == 0 ? TimeSpan.Zero : Pause, time, CancellationToken.None);
            }
            catch (Exception error)
            {
                // Not the database's word: a value that cannot even be sent. What it may have left on the connection is not looked at.
                await RefuseAsync(await ResolveAsync(items, error), error);
                return;
            }
        }
    }

    /// <summary>The database answers, but refuses the batch again and again: each write is tried once more by itself, so that only the culprit fails.</summary>
    private async Task GiveUpAsync(IReadOnlyList<LogItem> items, Exception error)
    {
        if (items.Count == 1)
        {
            items[0].Fail(NotStored("The database cannot take this write now", error));
            return;
        }

        foreach (var item in items)
        {
            await CommitAsync([item], retries: 0);
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
            NotStored("The conversation is locked by another transaction"));
        await CommitAsync(_parked.Take(await FreeAsync(_parked.Conversations), LogAppender.BatchSize));
    }

    /// <summary>The server rolled all of it back and said so: one bad item may fail only its own caller.</summary>
    private async Task RefuseAsync(IReadOnlyList<LogItem> items, Exception error)
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
            // The conversations are free by now, or a run's row is held: whoever needs it finds out alone, when the others have been served.
            if (items.Count == 1)
            {
                Park(items[0]);
                return [];
            }

            var ofRuns = items.Where(item => item.RunId is not null).ToArray();
            if (ofRuns.Length > 0 && ofRuns.Length < items.Count)
            {
                await CommitAsync([.. items.Except(ofRuns)]);
                items = ofRuns;
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
            item.Fail(NotStored("Too much waits for locked conversations"));
        }
    }

    private async Task<HashSet<Guid>> FreeAsync(Guid[] conversations)
    {
        try
        {
            return await _connection.FreeAsync(conversations, CancellationToken.None);
        }
        catch (PostgresException error) when (SqlStates.IsLockTimeout(error))
        {
            // All of the table is held, as while it is altered or gets an index.
            return [];
        }
        catch (Exception error)
        {
            // Whatever it was: they wait, and are told when that has been too long.
            Log.NotAsked(logger, error);
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
            try
            {
                await _connection.ResetAsync();
                var found = await _connection.FindAsync(items, CancellationToken.None);
                var stored = items.Where(item => found.ContainsKey(item.WriteId)).ToArray();
                foreach (var item in stored)
                {
                    item.Recover(found[item.WriteId]);
                }

                Answer(stored);
                return [.. items.Except(stored)];
            }
            catch (Exception error)
            {
                // Whatever it was: nobody else's writes may end with it.
                Log.NotAsked(logger, error);
                await Task.Delay(Pause, time, CancellationToken.None);
            }
        }

        Fail(items, new DatabaseUnavailableException($"The database did not confirm. {ConversationLog.OutcomeUnknown}", cause));
        return [];
    }
}
