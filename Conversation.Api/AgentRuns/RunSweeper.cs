using Conversation.Api.Background;
using Conversation.Api.Feed;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Conversation.Data.Postgres;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>Finds runs whose node is gone: back to the queue if nothing was seen of them, otherwise ended with what was kept.</summary>
internal sealed partial class RunSweeper(
    RunRepository runs,
    ConversationLog log,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<RunSweeper> logger) : ServiceLoop(lifetime, logger)
{
    private const int BatchSize = 100;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>The question takes milliseconds; an answer that took this long was held up.</summary>
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(1);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!await SweepAsync(stoppingToken))
            {
                // While the database was away nobody could renew: an outage must not cost a run.
                await Task.Delay(LeaseKeeper.Interval, time, stoppingToken);
            }
        }
    }

    /// <returns>False where the database did not answer, or only after a stall: what it says of leases then is no news of their nodes.</returns>
    private async Task<bool> SweepAsync(CancellationToken token)
    {
        try
        {
            var asked = time.GetTimestamp();
            var expired = await runs.ExpiredAsServiceAsync(BatchSize, token);
            if (time.GetElapsedTime(asked) > Stall)
            {
                return false;
            }

            foreach (var run in expired)
            {
                Log.Expired(logger, run.Id, run.Attempt);
            }

            await Task.WhenAll(expired.Select(run => log.AppendAsync(Takeover(run), token)));
            return true;
        }
        catch (DatabaseUnavailableException error)
        {
            Log.Unavailable(logger, error);
            return false;
        }
    }

    private static StepRun Takeover(ExpiredRun run) => run.Status == RunStatus.Cancelling ? Cancelled(run) : Lost(run);

    /// <summary>Whoever was to stop it is gone, and so it has stopped.</summary>
    private static StepRun Cancelled(ExpiredRun run)
    {
        var step = new StepRun
        {
            ConversationId = run.ConversationId,
            RunId = run.Id,
            Attempt = run.Attempt,
            OnlyExpired = true,
            Events = [new RunEvent(EventTypes.RunCancelled)],
            Status = RunStatus.Cancelled,
        };
        return run.StreamingMessageId is not { } message
            ? step
            : step with
            {
                Events = [new RunEvent(EventTypes.MessageInterrupted, OfMessage: true), .. step.Events],
                Answer = new AnswerChange(message, MessageStatus.Interrupted, FinishReason: "cancelled"),
            };
    }

    private static StepRun Lost(ExpiredRun run) => run.StreamingMessageId is { } message
        ? new StepRun
        {
            ConversationId = run.ConversationId,
            RunId = run.Id,
            Attempt = run.Attempt,
            OnlyExpired = true,
            Events = [new RunEvent(EventTypes.MessageInterrupted, OfMessage: true), new RunEvent(EventTypes.RunFailed)],
            Answer = new AnswerChange(message, MessageStatus.Interrupted, FinishReason: RunErrorCodes.WorkerLost),
            Status = RunStatus.Failed,
            ErrorCode = RunErrorCodes.WorkerLost,
            ErrorDetail = "The process that wrote the answer is gone; what it had written is kept.",
        }
        : new StepRun
        {
            ConversationId = run.ConversationId,
            RunId = run.Id,
            Attempt = run.Attempt,
            OnlyExpired = true,
            Events = [RunEvents.Queued],
            Status = RunStatus.Queued,
        };

    private static partial class Log
    {
        [LoggerMessage(541, LogLevel.Warning, "Expired runs cannot be looked for at the moment.")]
        public static partial void Unavailable(ILogger logger, Exception error);

        [LoggerMessage(542, LogLevel.Warning, "The lease of run {RunId}, attempt {Attempt}, has run out; it is taken over.")]
        public static partial void Expired(ILogger logger, Guid runId, int attempt);
    }
}
