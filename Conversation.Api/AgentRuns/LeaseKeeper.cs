using Conversation.Api.Background;
using Conversation.Api.Feed;
using Conversation.Data.Postgres;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>Renews the leases of this node's runs, all with one statement, and stops those that are lost.</summary>
internal sealed partial class LeaseKeeper(
    NodeIdentity node,
    RunWorker worker,
    RunRepository runs,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<LeaseKeeper> logger) : ServiceLoop(lifetime, logger), IHintListener
{
    /// <summary>Three renewals fit into a lease of 6 s: two may fail.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>Half of the pause between two checkpoints, which hold the rows where commits are slow.</summary>
    private static readonly TimeSpan Again = CheckpointWriter.Pause / 2;

    private readonly Signal _signal = new();

    /// <summary>Another node wrote where a run of this one is active: perhaps to cancel it, which the renewal's answer tells.</summary>
    public void Hinted(IReadOnlyCollection<Guid>? conversations)
    {
        if (worker.Leases.Any(lease => conversations?.Contains(lease.ConversationId) ?? true))
        {
            _signal.Set();
        }
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        await using var stopping = stoppingToken.UnsafeRegister(_ => _signal.Set(), null);
        await using var timer = time.CreateTimer(_ => _signal.Set(), null, Interval, Interval);
        while (true)
        {
            await _signal.WaitAsync();
            stoppingToken.ThrowIfCancellationRequested();
            if (!await RenewAsync(stoppingToken))
            {
                timer.Change(Again, Interval);
            }
        }
    }

    /// <returns>False where somebody holds the row of one; it is tried again soon.</returns>
    private async Task<bool> RenewAsync(CancellationToken token)
    {
        var leases = worker.Leases.ToArray();
        if (leases.Length == 0)
        {
            return true;
        }

        try
        {
            var askedAt = time.GetTimestamp();
            var renewed = (await runs.RenewAsServiceAsync(
                    node.Id, [.. leases.Select(lease => lease.RunId)], [.. leases.Select(lease => lease.Attempt)], token))
                .ToDictionary(run => run.Id);
            await StopMissingAsync([.. leases.Where(lease => !renewed.ContainsKey(lease.RunId))], token);
            foreach (var lease in leases)
            {
                if (!renewed.TryGetValue(lease.RunId, out var run))
                {
                    continue;
                }

                if (run.Renewed)
                {
                    lease.Renewed(askedAt);
                }

                if (run.Status == RunStatus.Cancelling)
                {
                    lease.Stop(StopReason.Cancelled);
                }
            }

            return renewed.Values.All(run => run.Renewed);
        }
        catch (DatabaseUnavailableException error)
        {
            Log.Unavailable(logger, leases.Length, error);
            return true;
        }
    }

    /// <summary>They have ended, or are another node's: nothing more is written of them here.</summary>
    private async Task StopMissingAsync(RunLease[] missing, CancellationToken token)
    {
        if (missing.Length == 0)
        {
            return;
        }

        var dropped = await runs.DroppedAsServiceAsync([.. missing.Select(lease => lease.RunId)], token);
        foreach (var lease in missing)
        {
            lease.Stop(dropped.Contains(lease.RunId) ? StopReason.Ended : StopReason.LeaseLost);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(531, LogLevel.Warning, "{Count} leases could not be renewed, because the database does not answer.")]
        public static partial void Unavailable(ILogger logger, int count, Exception error);
    }
}
