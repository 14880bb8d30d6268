using Conversation.Api.Observability;
using Conversation.Data.Log;
using Conversation.Data.Postgres;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>What one step changes.</summary>
/// <param name="Events">What it tells; at least one.</param>
internal sealed record RunChange(IReadOnlyList<RunEvent> Events)
{
    public AnswerChange? Answer { get; init; }

    public string? Status { get; init; }

    public string? ErrorCode { get; init; }

    public string? ErrorDetail { get; init; }

    public string? CancelOutcome { get; init; }

    public string? ResumeToken { get; init; }

    public string? Usage { get; init; }
}

/// <summary>The run is another node's, or at its end: nothing that this node says about it counts.</summary>
internal sealed class LeaseLostException() : Exception("The run is no longer this node's.");

/// <summary>Writes the steps of runs, and waits out a database that does not answer for as long as the run may still be ours.</summary>
internal sealed class RunSteps(ConversationLog log, RunRepository runs, RunMetrics metrics, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <exception cref="LeaseLostException">The fence refused it.</exception>
    public async Task<Changed> StepAsync(RunLease lease, RunChange change)
    {
        var write = new StepRun
        {
            ConversationId = lease.ConversationId,
            RunId = lease.RunId,
            Attempt = lease.Attempt,
            Events = change.Events,
            Answer = change.Answer,
            Status = change.Status,
            ErrorCode = change.ErrorCode,
            ErrorDetail = change.ErrorDetail,
            CancelOutcome = change.CancelOutcome,
            ResumeToken = change.ResumeToken,
            Usage = change.Usage,
        };
        using var span = ServiceTraces.Commit(change.Status is null ? "run.step" : "run.end");
        for (var again = false; ; again = true)
        {
            try
            {
                // Not cancelled by a stop: what was shown must be ended truthfully, and the fence decides whether it still may be.
                if (await log.AppendForCertainAsync(write, again) is { } changed)
                {
                    metrics.Stepped(change.Status);
                    return changed;
                }

                var dropped = await runs.DroppedAsServiceAsync([lease.RunId], CancellationToken.None);
                lease.Stop(dropped.Count > 0 ? StopReason.Ended : StopReason.LeaseLost);
                throw new LeaseLostException();
            }
            catch (DatabaseUnavailableException) when (lease.Reason != StopReason.LeaseLost)
            {
                await Task.Delay(Pause, time, CancellationToken.None);
            }
        }
    }
}
