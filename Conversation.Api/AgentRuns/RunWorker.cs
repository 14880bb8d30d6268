using System.Collections.Concurrent;
using Conversation.Api.AgentRuntimes;
using Conversation.Api.Background;
using Conversation.Api.Messages;
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
    AgentRuntimeRegistry runtimes,
    RunRepository runs,
    ConversationLog log,
    RunOptions options,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<RunWorker> logger) : ServiceLoop(lifetime, logger), IRunDispatch
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Guid, (RunLease Lease, Task Work)> _active = new();
    private volatile bool _draining;

    /// <summary>The leases that this node holds.</summary>
    public IEnumerable<RunLease> Leases => _active.Values.Select(run => run.Lease);

    private int Room => _draining ? 0 : options.Concurrency - _active.Count;

    public NewRun Prepare() => new(Ids.New(), runtimes.Default, Agent: null, Room > 0 ? node.Id : null);

    public void Begin(Guid conversationId, ClaimedRun run)
    {
        var lease = new RunLease(conversationId, run.RunId, run.Attempt, time);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _active[run.RunId] = (lease, WorkAsync(lease, started.Task));
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

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _draining = true;
        await base.StopAsync(cancellationToken);
        await EndedAsync(options.Drain);
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

    private async Task LookAsync(CancellationToken token)
    {
        if (Room <= 0)
        {
            return;
        }

        var candidates = await runs.CandidatesAsServiceAsync(Room, token);
        await Task.WhenAll(candidates.Select(candidate => ClaimAsync(candidate, token)));
    }

    private async Task ClaimAsync(RunCandidate candidate, CancellationToken token)
    {
        var claim = await log.AppendAsync(
            new ClaimRun { ConversationId = candidate.ConversationId, RunId = candidate.Id, Claimant = node.Id }, token);
        if (claim is not null)
        {
            Begin(candidate.ConversationId, claim);
        }
    }

    private async Task WorkAsync(RunLease lease, Task started)
    {
        await started;
        try
        {
            await executor.ExecuteAsync(lease);
        }
        catch (Exception error)
        {
            // The lease runs out, and the sweeper ends the run truthfully.
            Log.Abandoned(logger, lease.RunId, error);
        }
        finally
        {
            _active.TryRemove(lease.RunId, out _);
        }

        await NextAsync(lease.ConversationId);
    }

    /// <summary>The conversation is free: its next run need not wait for a look.</summary>
    private async Task NextAsync(Guid conversationId)
    {
        try
        {
            if (Room > 0 && await runs.NextAsServiceAsync(conversationId, Stopping) is { } next)
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
    }
}
