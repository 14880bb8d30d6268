using System.Collections.Concurrent;
using Conversation.Data.Log;
using Conversation.Data.Postgres;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>The runs of the whole service that wait: how many there are, and this node's claims of those that have waited longest.</summary>
internal sealed partial class RunQueue(
    NodeIdentity node, RunRepository runs, ConversationLog log, RunOptions options, TimeProvider time, ILogger<RunQueue> logger)
{
    private readonly ConcurrentDictionary<Guid, Task> _claims = new();
    private int _length;

    /// <summary>Begins to work on a claimed run.</summary>
    /// <param name="conversationId">Where.</param>
    /// <param name="run">The claim.</param>
    /// <param name="askedAt">When it was sent.</param>
    public delegate void Begin(Guid conversationId, ClaimedRun run, long askedAt);

    /// <summary>Whether more wait than may; known to the second.</summary>
    public bool IsFull => Volatile.Read(ref _length) >= options.QueueDepth;

    /// <summary>Claims that are on their way: each takes the room of a run.</summary>
    public int Claims => _claims.Count;

    /// <summary>One more waits, until the next look says how many do.</summary>
    public void Count() => Interlocked.Increment(ref _length);

    /// <summary>Claims as many as there is room for.</summary>
    /// <returns>Whether more may wait than there is room for.</returns>
    public async Task<bool> LookAsync(int room, Begin begin, CancellationToken token)
    {
        var length = await runs.QueuedAsServiceAsync(options.QueueDepth, token);
        Volatile.Write(ref _length, length);
        if (length == 0 || room <= 0)
        {
            return length > 0;
        }

        var candidates = await runs.CandidatesAsServiceAsync(room + _claims.Count, token);
        var chosen = candidates.Where(candidate => !_claims.ContainsKey(candidate.Id)).Take(room).ToArray();
        foreach (var candidate in chosen)
        {
            Claim(candidate, begin, token);
        }

        return chosen.Length == room;
    }

    /// <summary>Until no claim is on its way any more.</summary>
    public Task ClaimedAsync() => Task.WhenAll(_claims.Values);

    /// <summary>Not waited for: a conversation that somebody has locked may not hold up the others.</summary>
    private void Claim(RunCandidate candidate, Begin begin, CancellationToken token)
    {
        var added = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _claims[candidate.Id] = ClaimAsync(candidate, begin, added.Task, token);
        added.SetResult();
    }

    private async Task ClaimAsync(RunCandidate candidate, Begin begin, Task added, CancellationToken token)
    {
        await added;
        var askedAt = time.GetTimestamp();
        try
        {
            await log.AppendAsync(
                new ClaimRun { ConversationId = candidate.ConversationId, RunId = candidate.Id, Claimant = node.Id },
                token,
                claim => begin(candidate.ConversationId, claim, askedAt));
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            // Another node, or the next start, finds it.
        }
        catch (DatabaseUnavailableException error)
        {
            Log.Unavailable(logger, error);
        }
        catch (Exception error)
        {
            // One run that cannot be claimed may not keep the others waiting.
            Log.NotClaimed(logger, candidate.Id, error);
        }
        finally
        {
            _claims.TryRemove(candidate.Id, out _);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(504, LogLevel.Error, "Run {RunId} could not be claimed.")]
        public static partial void NotClaimed(ILogger logger, Guid runId, Exception error);

        [LoggerMessage(505, LogLevel.Warning, "Queued runs cannot be claimed at the moment.")]
        public static partial void Unavailable(ILogger logger, Exception error);
    }
}
