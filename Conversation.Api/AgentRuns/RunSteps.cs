using Conversation.Api.Observability;
using Conversation.Data.Log;
using Conversation.Data.Postgres;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>The run is another node's, or at its end: nothing that this node says about it counts.</summary>
internal sealed class LeaseLostException() : Exception("The run is no longer this node's.");

/// <summary>Writes the steps of runs, and waits out a database that does not answer for as long as the run may still be ours.</summary>
internal sealed class RunSteps(ConversationLog log, RunRepository runs, RunMetrics metrics, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <exception cref="LeaseLostException">The fence refused it.</exception>
    public async Task<Changed> StepAsync(RunLease lease, StepRun step)
    {
        // Given back to the queue it has not ended.
        var end = step.Status is RunStatus.Queued ? null : step.Status;
        using var span = ServiceTraces.Commit(end is null ? "run.step" : "run.end");
        for (var again = false; ;)
        {
            try
            {
                // Not cancelled by a stop: what was shown must be ended truthfully, and the fence decides whether it still may be.
                if (await log.AppendForCertainAsync(step, again) is { } changed)
                {
                    if (end is not null)
                    {
                        metrics.Ended(end);
                    }

                    return changed;
                }

                var dropped = await runs.DroppedAsServiceAsync([lease.RunId], CancellationToken.None);
                lease.Stop(dropped.Count > 0 ? StopReason.Ended : StopReason.LeaseLost);
                throw new LeaseLostException();
            }
            catch (DatabaseUnavailableException error) when (lease.Reason != StopReason.LeaseLost)
            {
                // What may be stored is looked up, for which the log gives up its connection, and the pool with it: not for what is known.
                again |= !error.NothingStored;
                await Task.Delay(Pause, time, CancellationToken.None);
            }
        }
    }
}
