using System.Diagnostics;
using Conversation.Api.Background;
using Conversation.Api.Observability;
using Conversation.Data.Log;
using Conversation.Data.Postgres;

namespace Conversation.Api.AgentRuns;

/// <summary>
/// Works on this node's runs: those that it accepted, at once, and those that it finds queued, in the order in which they came, whoever's
/// they are. Owns their tasks; on a stop it lets them go on for the drain time and then hands over what is left.
/// </summary>
internal sealed partial class RunWorker(
    RunExecutor executor,
    RunQueue queue,
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

    private readonly ActiveRuns _active = new();
    private volatile bool _draining;
    private volatile bool _handedOver;
    private volatile bool _othersWait;
    private int _reserved;
    private int _putAside;
    private bool _isDue;
    private long _lookedAt = time.GetTimestamp();

    /// <summary>The leases that this node holds.</summary>
    public IEnumerable<RunLease> Leases => _active.Leases;

    /// <summary>Whether this node is stopping, and takes no more runs.</summary>
    public bool IsDraining => _draining;

    /// <summary>Whether the whole service has as many runs waiting as it may; known to the second.</summary>
    public bool IsQueueFull => queue.IsFull;

    private bool HasRoom => Room > 0;

    /// <summary>What is reserved and claimed first: what becomes a run meanwhile is counted twice, and not left out.</summary>
    private int Room => _draining ? 0 : options.Concurrency - Volatile.Read(ref _reserved) - queue.Claims - _active.Count;

    /// <summary>
    /// Reserves room for a run that is about to be sent, where nobody waits for it: sends that come together may not all take the same. To
    /// be released when the run has begun, or will not.
    /// </summary>
    public bool TryReserve()
    {
        if (!HasRoom || _othersWait)
        {
            return false;
        }

        Interlocked.Increment(ref _reserved);
        if (Room >= 0)
        {
            return true;
        }

        Release();
        return false;
    }

    /// <summary>A reservation was used, or is not needed.</summary>
    public void Release()
    {
        Interlocked.Decrement(ref _reserved);
        if (_othersWait)
        {
            queue.Signal.Set();
        }
    }

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
        _active.Add(lease, WorkAsync(lease, taken, asked, started.Task));
        metrics.Began();
        started.SetResult();
    }

    /// <summary>Stops a run that is worked on here, because it is being cancelled.</summary>
    public void Cancel(Guid runId) => _active.Find(runId)?.Stop(StopReason.Cancelled);

    /// <summary>One more waits, until the next look says how many do.</summary>
    /// <param name="forRoom">Whether it waits because nothing new was taken; otherwise for its conversation.</param>
    public void CountQueued(bool forRoom)
    {
        queue.AddWaiting();
        if (!HasRoom)
        {
            Interlocked.Increment(ref _putAside);
            _othersWait = true;
        }
        else if (forRoom)
        {
            // A look that was on its way may have missed it.
            queue.Signal.Set();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _draining = true;
        await base.StopAsync(cancellationToken);
        await queue.ClaimedAsync();
        await EndedAsync(stop.Remaining(options.Drain));
        _handedOver = true;
        foreach (var lease in Leases)
        {
            lease.Stop(StopReason.Handover);
        }

        await EndedAsync(options.Handover);
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        await using var stopping = stoppingToken.UnsafeRegister(_ => queue.Signal.Set(), null);
        await using var timer = time.CreateTimer(_ => Due(), null, TimeSpan.Zero, LookInterval);
        while (true)
        {
            await queue.Signal.WaitAsync();
            stoppingToken.ThrowIfCancellationRequested();
            var isDue = Interlocked.Exchange(ref _isDue, value: false);
            if (isDue)
            {
                StopLate();
            }

            try
            {
                await LookAsync(isDue, stoppingToken);
            }
            catch (DatabaseUnavailableException error)
            {
                Log.Unavailable(logger, error);
            }
        }
    }

    /// <summary>The flag set needlessly costs a send one look; not set, it would let a new send overtake those that wait.</summary>
    private async Task LookAsync(bool isDue, CancellationToken token)
    {
        if (isDue)
        {
            await queue.RecountAsync(token);
        }

        var putAside = Volatile.Read(ref _putAside);
        var othersWait = await queue.LookAsync(Room, Begin, token);
        _othersWait = othersWait || Volatile.Read(ref _putAside) != putAside;
    }

    private void Due()
    {
        _isDue = true;
        queue.Signal.Set();
    }

    private void Begin(Guid conversationId, ClaimedRun run, long askedAt) =>
        Begin(conversationId, run, askedAt, ServiceTraces.Stored(run.Traceparent));

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
            _active.Remove(lease);
        }

        // There is room, and its conversation is free.
        queue.Signal.Set();
    }

    private async Task EndedAsync(TimeSpan patience)
    {
        try
        {
            await _active.EndedAsync().WaitAsync(patience, time);
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
    }
}
