using System.Collections.Concurrent;
using Conversation.Api.Feed;
using Conversation.Data.Log;
using Conversation.Data.Postgres;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>The runs of the whole service that wait: how many there are, and this node's claims of those that have waited longest.</summary>
internal sealed partial class RunQueue(
    NodeIdentity node, RunRepository runs, ConversationLog log, RunOptions options, TimeProvider time, ILogger<RunQueue> logger)
{
    /// <summary>How long a run is passed over after a failed claim: one in a locked conversation takes seconds, and room.</summary>
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Guid, Task> _claims = new();
    private readonly ConcurrentDictionary<Guid, long> _failed = new();
    private readonly Lock _counting = new();
    private int _length;
    private int _sent;
    private bool _isWarned;

    /// <summary>Begins to work on a claimed run.</summary>
    /// <param name="conversationId">Where.</param>
    /// <param name="run">The claim.</param>
    /// <param name="askedAt">When it was sent.</param>
    public delegate void Begin(Guid conversationId, ClaimedRun run, long askedAt);

    /// <summary>Set when there may be something to claim, and room for it.</summary>
    public Signal Signal { get; } = new();

    /// <summary>Whether as many wait as may; known to the second.</summary>
    public bool IsFull => Volatile.Read(ref _length) >= options.QueueDepth;

    /// <summary>Claims that are on their way: each takes the room of a run.</summary>
    public int Claims => _claims.Count;

    /// <summary>One more waits, until all are counted again.</summary>
    public void AddWaiting()
    {
        lock (_counting)
        {
            _length++;
            _sent++;
        }
    }

    /// <summary>Counts all that wait. The count may be older than what was sent while it was asked for, which is added to it.</summary>
    public async Task RecountAsync(CancellationToken token)
    {
        var before = Volatile.Read(ref _sent);
        var counted = await runs.CountQueuedAsServiceAsync(options.QueueDepth, token);
        lock (_counting)
        {
            _length = counted + (_sent - before);
        }
    }

    /// <summary>Claims as many as there is room for.</summary>
    /// <returns>Whether more may wait than there is room for.</returns>
    public async Task<bool> LookAsync(int room, Begin begin, CancellationToken token)
    {
        if (room <= 0)
        {
            return Volatile.Read(ref _length) > 0;
        }

        foreach (var (id, at) in _failed)
        {
            if (time.GetElapsedTime(at) > PauseAfterFailure)
            {
                _failed.TryRemove(id, out _);
            }
        }

        var candidates = await runs.CandidatesAsServiceAsync(room + _claims.Count + _failed.Count, token);
        var chosen = candidates
            .Where(candidate => !_claims.ContainsKey(candidate.Id) && !_failed.ContainsKey(candidate.Id))
            .Take(room)
            .ToArray();
        _isWarned = false;
        foreach (var candidate in chosen)
        {
            Claim(candidate, begin);
        }

        return chosen.Length == room;
    }

    /// <summary>Until no claim is on its way any more.</summary>
    public Task ClaimedAsync() => Task.WhenAll(_claims.Values);

    /// <summary>Not waited for: a conversation that somebody has locked may not hold up the others.</summary>
    private void Claim(RunCandidate candidate, Begin begin)
    {
        var added = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _claims[candidate.Id] = ClaimAsync(candidate, begin, added.Task);
        added.SetResult();
    }

    private async Task ClaimAsync(RunCandidate candidate, Begin begin, Task added)
    {
        await added;
        var askedAt = time.GetTimestamp();
        try
        {
            // To its end, which is bounded: a claim that is stored and not heard of would wait until its lease runs out.
            var claimed = await log.AppendAsync(
                new ClaimRun { ConversationId = candidate.ConversationId, RunId = candidate.Id, Claimant = node.Id },
                CancellationToken.None,
                claim =>
                {
                    // Its room is the run's from here on. For a moment both have it: were it nobody's, a look would give it to another one.
                    begin(candidate.ConversationId, claim, askedAt);
                    _claims.TryRemove(candidate.Id, out _);
                    Signal.Set();
                });
            if (claimed is null)
            {
                // Another node has it: the room is somebody else's.
                _claims.TryRemove(candidate.Id, out _);
                Signal.Set();
            }
        }
        catch (DatabaseUnavailableException error)
        {
            _failed[candidate.Id] = time.GetTimestamp();
            if (!Interlocked.Exchange(ref _isWarned, value: true))
            {
                Log.Unavailable(logger, error);
            }
        }
        catch (Exception error)
        {
            _failed[candidate.Id] = time.GetTimestamp();
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
