using System.Collections.Concurrent;
using Conversation.Api.Background;
using Conversation.Api.Feed;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Conversation.Data.Postgres;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>
/// Finds runs whose node is gone: back to the queue if no text was seen of them, taken over if their runtime can go on, otherwise ended
/// with what was kept.
/// </summary>
internal sealed partial class RunSweeper(
    RunWorker worker,
    RunTakeover takeover,
    RunRepository runs,
    ConversationLog log,
    RunOptions options,
    RunMetrics metrics,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<RunSweeper> logger) : ServiceLoop(lifetime, logger)
{
    /// <summary>Runs that one look finds at most. Behind a full look comes the next one at once: a node may have left a thousand.</summary>
    private const int BatchSize = 100;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>The question takes milliseconds; an answer that took this long was held up.</summary>
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(1);

    /// <summary>Not waited for where they take long: a conversation that somebody has locked may not hold up the others.</summary>
    private readonly ConcurrentDictionary<Guid, Task> _settling = new();

    /// <summary>
    /// While the database was away, or took no writes, nobody could renew, and its first word is no news of the nodes. That it was not away
    /// before this node began is not known either.
    /// </summary>
    private bool _isTrusted;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var pause = Task.Delay(Interval, time, stoppingToken);
                var found = worker.IsDraining ? [] : await FindAsync(stoppingToken);
                Task[] settled = [.. found.Select(run => Settle(run, stoppingToken))];
                await await Task.WhenAny(found.Count == BatchSize ? Task.WhenAll(settled) : pause, pause);
            }
        }
        finally
        {
            await Task.WhenAll(_settling.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>Those that are not being settled already; none where the look cannot be trusted.</returns>
    private async Task<IReadOnlyList<ExpiredRun>> FindAsync(CancellationToken token)
    {
        var expired = await LookAsync(token);
        if (expired is [_, ..] && !_isTrusted)
        {
            // An outage must not cost a run: whoever lives renews first.
            await Task.Delay(LeaseKeeper.Interval, time, token);
            expired = await LookAsync(token);
        }

        _isTrusted = expired is not null;
        return [.. (expired ?? []).Where(run => !_settling.ContainsKey(run.Id)).Take(BatchSize)];
    }

    /// <returns>Null where the database did not answer, or only after a stall.</returns>
    private async Task<IReadOnlyList<ExpiredRun>?> LookAsync(CancellationToken token)
    {
        try
        {
            var asked = time.GetTimestamp();
            var expired = await runs.ExpiredAsServiceAsync(BatchSize + _settling.Count, token);
            return time.GetElapsedTime(asked) > Stall ? null : expired;
        }
        catch (DatabaseUnavailableException error)
        {
            Log.Unavailable(logger, error);
            return null;
        }
    }

    private Task Settle(ExpiredRun run, CancellationToken token)
    {
        var added = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var settled = RemoveAfterAsync();
        _settling[run.Id] = settled;
        added.SetResult();
        return settled;

        async Task RemoveAfterAsync()
        {
            await added.Task;
            try
            {
                await SettleAsync(run, token);
            }
            finally
            {
                _settling.TryRemove(run.Id, out _);
            }
        }
    }

    private async Task SettleAsync(ExpiredRun run, CancellationToken token)
    {
        metrics.Expired();
        Log.Expired(logger, run.Id, run.Attempt);
        try
        {
            var kept = run.StreamingMessageId is { } message ? await takeover.ReadKeptAsync(message, token) : null;
            if (kept is null || !await takeover.TryAsync(run, kept, token))
            {
                var step = run.Status == RunStatus.Cancelling ? Cancelled(run, kept) : Lost(run, kept);
                if (await log.AppendAsync(step, token) is not null && step.Status is { } end and not RunStatus.Queued)
                {
                    metrics.Ended(end);
                }
            }
        }
        catch (DatabaseUnavailableException error)
        {
            Log.Unavailable(logger, error);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // One run that cannot be ended may not keep the others from it.
            Log.NotEnded(logger, run.Id, error);
        }
    }

    /// <summary>Whoever was to stop it is gone, and so it has stopped.</summary>
    private static StepRun Cancelled(ExpiredRun run, string? kept)
    {
        var step = Step(run) with
        {
            Events = [new RunEvent(EventTypes.RunCancelled)],
            Status = RunStatus.Cancelled,
            CancelOutcome = CancelOutcome.Unconfirmed,
        };
        return run.StreamingMessageId is not { } message
            ? step
            : step with
            {
                Events = [RunEvents.MessageInterrupted, .. step.Events],
                Answer = Ended(message, kept!, "cancelled"),
            };
    }

    private StepRun Lost(ExpiredRun run, string? kept) => run.StreamingMessageId is { } message
        ? Failed(run) with
        {
            Events = [RunEvents.MessageInterrupted, new RunEvent(EventTypes.RunFailed)],
            Answer = Ended(message, kept!, RunErrorCodes.WorkerLost),
        }
        : run.Attempt >= options.MostAttempts ? Failed(run) : Step(run) with { Events = [RunEvents.Queued], Status = RunStatus.Queued };

    /// <summary>Followers of the dead node may have been shown more than was kept: a new attempt takes it back.</summary>
    private static AnswerChange Ended(Guid message, string kept, string reason) =>
        new(message, MessageStatus.Interrupted, Content: kept, FinishReason: reason, Keep: kept.Length);

    private static StepRun Failed(ExpiredRun run) => Step(run) with
    {
        Events = [new RunEvent(EventTypes.RunFailed)],
        Status = RunStatus.Failed,
        ErrorCode = RunErrorCodes.WorkerLost,
        ErrorDetail = "The process that wrote the answer is gone; what it had written is kept.",
    };

    private static StepRun Step(ExpiredRun run) => new()
    {
        ConversationId = run.ConversationId,
        RunId = run.Id,
        Attempt = run.Attempt,
        OnlyExpired = true,
        Events = [],
    };

    private static partial class Log
    {
        [LoggerMessage(541, LogLevel.Warning, "Expired runs cannot be looked for at the moment.")]
        public static partial void Unavailable(ILogger logger, Exception error);

        [LoggerMessage(542, LogLevel.Warning, "The lease of run {RunId}, attempt {Attempt}, has run out; the run goes on, waits again or ends.")]
        public static partial void Expired(ILogger logger, Guid runId, int attempt);

        [LoggerMessage(543, LogLevel.Error, "Run {RunId}, whose lease has run out, could not be taken over or ended.")]
        public static partial void NotEnded(ILogger logger, Guid runId, Exception error);
    }
}
