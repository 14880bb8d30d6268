using System.Collections.Concurrent;
using System.Diagnostics;
using Conversation.Api.Background;
using Conversation.Api.Observability;
using Conversation.Data.Log;
using Conversation.Data.Postgres;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>
/// Works on this node's runs: those that it accepted, at once, and those that it finds queued. Owns their tasks; on a stop it lets
/// them go on for the drain time and then hands over what is left.
/// </summary>
internal sealed partial class RunWorker(
    NodeIdentity node,
    RunExecutor executor,
    RunRepository runs,
    ConversationLog log,
    RunOptions options,
    RunMetrics metrics,
    NodeStop stop,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<RunWorker> logger) : ServiceLoop(lifetime, logger)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>A look that comes later than this tells of a process, a machine or a database that stood still.</summary>
    private static readonly TimeSpan LateLook = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Guid, (RunLease Lease, Task Work)> _active = new();
    private volatile bool _draining;
    private volatile bool _handedOver;
    private long _lookedAt = time.GetTimestamp();
    private int _queued;

    /// <summary>The leases that this node holds.</summary>
    public IEnumerable<RunLease> Leases => _active.Values.Select(run => run.Lease);

    /// <summary>Whether this node takes runs at all: not while it stops.</summary>
    public bool IsDraining => _draining;

    /// <summary>Whether it takes one more.</summary>
    public bool HasRoom => Room > 0;

    /// <summary>Whether the whole service has more runs waiting than it may; known to the second.</summary>
    public bool IsQueueFull => Volatile.Read(ref _queued) >= options.QueueDepth;

    private int Room => _draining ? 0 : options.Concurrency - _active.Count;

    /// <summary>Begins to work on a claimed run.</summary>
    /// <param name="conversationId">Where.</param>
    /// <param name="run">The claim.</param>
    /// <param name="askedAt">When it was sent.</param>
    /// <param name="asked">The trace of the request that it answers; default for none.</param>
    /// <param name="taken">What another node had begun.</param>
    public void Begin(Guid conversationId, ClaimedRun run, long askedAt, ActivityContext asked, TakenAnswer? taken = null)
    {
        if (_handedOver)
        {
            // A commit that was still on its way: nobody would stop it here, and its lease runs out.
            return;
        }

        var lease = new RunLease(conversationId, run.RunId, run.Attempt, askedAt, time);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_active.TryGetValue(run.RunId, out var earlier))
        {
            // Its lease ran out while the database was away; what it still says is fenced, and shown to nobody.
            earlier.Lease.Stop(StopReason.LeaseLost);
        }

        _active[run.RunId] = (lease, WorkAsync(lease, taken, asked, started.Task));
        metrics.Began();
        started.SetResult();
    }

    /// <summary>Stops a run that is worked on here, because it is being cancelled.</summary>
    public void Cancel(Guid runId)
    {
        if (_active.TryGetValue(runId, out var run))
        {
            run.Lease.Stop(StopReason.Cancelled);
        }
    }

    /// <summary>One more waits, until the next look says how many do.</summary>
    public void CountQueued() => Interlocked.Increment(ref _queued);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _draining = true;
        await base.StopAsync(cancellationToken);
        await EndedAsync(stop.Left(options.Drain));
        _handedOver = true;
        foreach (var lease in Leases)
        {
            lease.Stop(StopReason.Handover);
        }

        await EndedAsync(options.Handover);
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookInterval, time);
        do
        {
            StopLate();
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (DatabaseUnavailableException error)
            {
                Log.Unavailable(logger, error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private void StopLate()
    {
        var late = time.GetElapsedTime(_lookedAt) - LookInterval;
        _lookedAt = time.GetTimestamp();
        foreach (var lease in Leases)
        {
            if (late > LateLook)
            {
                lease.Excuse(late);
            }

            if (lease.IsLate(options.IdleTimeout, options.TotalTimeout))
            {
                lease.Stop(StopReason.TimedOut);
            }
        }
    }

    private async Task LookAsync(CancellationToken token)
    {
        Volatile.Write(ref _queued, await runs.QueuedAsServiceAsync(options.QueueDepth, token));
        if (HasRoom)
        {
            var candidates = await runs.CandidatesAsServiceAsync(Room, token);
            await Task.WhenAll(candidates.Select(candidate => ClaimAsync(candidate, token)));
        }
    }

    private async Task ClaimAsync(RunCandidate candidate, CancellationToken token)
    {
        var askedAt = time.GetTimestamp();
        try
        {
            await log.AppendAsync(
                new ClaimRun { ConversationId = candidate.ConversationId, RunId = candidate.Id, Claimant = node.Id },
                token,
                claim => Begin(candidate.ConversationId, claim, askedAt, ServiceTraces.Stored(claim.Traceparent)));
        }
        catch (Exception error) when (error is not (OperationCanceledException or DatabaseUnavailableException))
        {
            // One run that cannot be claimed may not keep the others waiting.
            Log.NotClaimed(logger, candidate.Id, error);
        }
    }

    private async Task WorkAsync(RunLease lease, TakenAnswer? taken, ActivityContext asked, Task started)
    {
        await started;
        try
        {
            using var span = ServiceTraces.Run(asked, lease.ConversationId, lease.RunId, lease.Attempt);
            await executor.ExecuteAsync(lease, taken);
        }
        catch (Exception error)
        {
            // The lease runs out, and the sweeper ends the run truthfully.
            Log.Abandoned(logger, lease.RunId, error);
        }
        finally
        {
            metrics.Left();
            if (_active.TryGetValue(lease.RunId, out var current) && current.Lease == lease)
            {
                _active.TryRemove(KeyValuePair.Create(lease.RunId, current));
            }
        }

        await NextAsync(lease.ConversationId);
    }

    /// <summary>The conversation is free: its next run need not wait for a look.</summary>
    private async Task NextAsync(Guid conversationId)
    {
        try
        {
            if (HasRoom && await runs.NextAsServiceAsync(conversationId, Stopping) is { } next)
            {
                await ClaimAsync(next, Stopping);
            }
        }
        catch (DatabaseUnavailableException error)
        {
            Log.Unavailable(logger, error);
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
        {
            // Another node, or the next start, finds it.
        }
    }

    private async Task EndedAsync(TimeSpan patience)
    {
        try
        {
            await Task.WhenAll(_active.Values.Select(run => run.Work)).WaitAsync(patience, time);
        }
        catch (TimeoutException)
        {
            Log.StillRunning(logger, _active.Count, patience.TotalSeconds);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(501, LogLevel.Warning, "Queued runs cannot be looked for at the moment.")]
        public static partial void Unavailable(ILogger logger, Exception error);

        [LoggerMessage(502, LogLevel.Error, "Run {RunId} was given up; its lease runs out and the sweeper ends it.")]
        public static partial void Abandoned(ILogger logger, Guid runId, Exception error);

        [LoggerMessage(503, LogLevel.Warning, "{Count} runs are still going on after {Seconds} s.")]
        public static partial void StillRunning(ILogger logger, int count, double seconds);

        [LoggerMessage(504, LogLevel.Error, "Run {RunId} could not be claimed.")]
        public static partial void NotClaimed(ILogger logger, Guid runId, Exception error);
    }
}
