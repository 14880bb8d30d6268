using System.Diagnostics;
using Conversation.Api.AgentRuntimes;
using Conversation.Api.Feed;
using Conversation.Api.Observability;
using Conversation.Data.Postgres;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>Drives one run from its claim to its end: asks the runtime, writes what it says, and ends the run in the log.</summary>
internal sealed partial class RunExecutor(
    NodeIdentity node,
    RunRepository runs,
    RunAssignments assignments,
    RunAnswerFactory answers,
    RunOptions options,
    RunMetrics metrics,
    TimeProvider time,
    ILogger<RunExecutor> logger)
{
    /// <param name="lease">The claim.</param>
    /// <param name="taken">What another node had begun; null for a new answer.</param>
    public async Task ExecuteAsync(RunLease lease, TakenAnswer? taken)
    {
        await using var answer = answers.Create(lease, taken);
        RunDialogue? dialogue = null;
        try
        {
            var (runtime, context) = await assignments.FindAsync(lease, taken);
            dialogue = new RunDialogue(lease, answer, runs, runtime, time);
            if (await HearOutAsync(lease, dialogue, context))
            {
                return;
            }

            await EndAsync(lease, answer, dialogue.CancelOutcome);
        }
        catch (Exception error) when (lease.Token.IsCancellationRequested && error is not LeaseLostException)
        {
            // However a runtime ends once it was asked to stop, why it was asked is what counts.
            if (error is not OperationCanceledException)
            {
                Log.StoppedBadly(logger, lease.RunId, error);
            }

            await EndAsync(lease, answer, dialogue?.CancelOutcome ?? CancelOutcome.Confirmed);
        }
        catch (LeaseLostException)
        {
            Lost(lease);
        }
        catch (AgentRuntimeException error)
        {
            ServiceTraces.Failed(Activity.Current, error.Code);
            Log.RuntimeFailed(logger, lease.RunId, error.Code, error);
            await answer.FailAsync(error.Code, error.Message);
        }
        catch (Exception error)
        {
            Log.Failed(logger, lease.RunId, error);
            await answer.FailAsync(RunErrorCodes.Error, "The agent failed unexpectedly.");
        }
    }

    /// <returns>False where the runtime did not stop when asked, and is no longer listened to.</returns>
    private async Task<bool> HearOutAsync(RunLease lease, RunDialogue dialogue, AgentContext context)
    {
        var listening = dialogue.ListenAsync(context);
        if (await Task.WhenAny(listening, lease.Stopped) != listening)
        {
            try
            {
                return await listening.WaitAsync(options.StopPatience, time);
            }
            catch (TimeoutException) when (!listening.IsCompleted)
            {
                await dialogue.CloseAsync();
                Log.Deaf(logger, lease.RunId, options.StopPatience.TotalSeconds);
                LeaveAlone(lease.RunId, listening);
                return false;
            }
        }

        return await listening;
    }

    /// <summary>Nothing waits for it any more; when it ends at last, the log says so.</summary>
    private void LeaveAlone(Guid run, Task<bool> listening) => listening.ContinueWith(
        ended => Log.Left(logger, run, ended.Exception?.InnerException), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    private async Task EndAsync(RunLease lease, RunAnswer answer, string cancelOutcome)
    {
        switch (lease.Reason)
        {
            case StopReason.Handover:
                await HandOverAsync(lease, answer);
                break;
            case StopReason.LeaseLost:
                Lost(lease);
                break;
            case StopReason.Cancelled:
                await answer.CancelAsync(cancelOutcome);
                break;
            case StopReason.TimedOut:
                await answer.FailAsync(RunErrorCodes.Timeout, "The agent took too long.");
                break;
            case StopReason.Ended:
                // With its conversation: there is nothing left to end.
                break;
        }
    }

    /// <summary>A run that ended with its conversation is no loss.</summary>
    private void Lost(RunLease lease)
    {
        if (lease.Reason == StopReason.LeaseLost)
        {
            metrics.LeaseLost();
            Log.LeaseLost(logger, lease.RunId);
        }
    }

    /// <summary>This process stops. What was not shown begins anew elsewhere; what can go on does so; the rest ends here, truthfully.</summary>
    private async Task HandOverAsync(RunLease lease, RunAnswer answer)
    {
        if (answer.IsUnseen)
        {
            await answer.RequeueAsync();
            return;
        }

        if (answer.IsResumable)
        {
            try
            {
                await answer.KeepAsync(CancellationToken.None);
                await runs.ReleaseAsServiceAsync(node.Id, lease.RunId, lease.Attempt, CancellationToken.None);
                return;
            }
            catch (DatabaseUnavailableException error)
            {
                // The lease runs out by itself, and whoever takes the run over goes on from the last checkpoint.
                Log.NotReleased(logger, lease.RunId, error);
                return;
            }
        }

        await answer.FailAsync(RunErrorCodes.WorkerLost, "The service stopped in the middle of the answer.");
    }

    private static partial class Log
    {
        [LoggerMessage(510, LogLevel.Warning, "Run {RunId} is no longer this node's; it stops here.")]
        public static partial void LeaseLost(ILogger logger, Guid runId);

        [LoggerMessage(511, LogLevel.Warning, "The runtime of run {RunId} failed: {Code}.")]
        public static partial void RuntimeFailed(ILogger logger, Guid runId, string code, Exception error);

        [LoggerMessage(512, LogLevel.Error, "Run {RunId} failed unexpectedly.")]
        public static partial void Failed(ILogger logger, Guid runId, Exception error);

        [LoggerMessage(513, LogLevel.Warning, "The runtime of run {RunId} did not stop within {Seconds} s; it is no longer listened to.")]
        public static partial void Deaf(ILogger logger, Guid runId, double seconds);

        [LoggerMessage(514, LogLevel.Information, "The runtime of run {RunId}, which had not stopped when asked, has ended.")]
        public static partial void Left(ILogger logger, Guid runId, Exception? error);

        [LoggerMessage(515, LogLevel.Warning, "The lease of run {RunId} could not be given up; it runs out by itself.")]
        public static partial void NotReleased(ILogger logger, Guid runId, Exception error);

        [LoggerMessage(516, LogLevel.Warning, "The runtime of run {RunId} failed when it was asked to stop.")]
        public static partial void StoppedBadly(ILogger logger, Guid runId, Exception error);
    }
}
