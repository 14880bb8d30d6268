using Conversation.Api.AgentRuntimes;
using Conversation.Api.Feed;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Conversation.Data.Postgres;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>
/// The answer of one run as it comes to be: nothing is stored until there is something to show; then the message is started with
/// the notices so far, its text goes to the followers and the checkpoints, and one commit ends message and run.
/// </summary>
internal sealed class RunAnswer(
    RunLease lease,
    RunSteps steps,
    ConversationFeed feed,
    CheckpointWriter checkpoints,
    RunOptions options,
    TimeProvider time) : IAsyncDisposable
{
    private readonly List<RunEvent> _notices = [];
    private readonly TextSanitizer _sanitizer = new();
    private AnswerWriter? _writer;

    public ValueTask DisposeAsync()
    {
        if (_writer is not null)
        {
            checkpoints.Forget(_writer);
            _writer.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    public async Task NoteAsync(Notice notice)
    {
        var happened = RunEvents.Notice(notice.Level, notice.Code);
        if (_writer is null)
        {
            _notices.Add(happened);
        }
        else
        {
            await steps.StepAsync(lease, new RunChange([happened]));
        }
    }

    public async Task WriteAsync(string text)
    {
        var clean = _sanitizer.Clean(text);
        if (clean.Length > 0)
        {
            (_writer ??= await StartAsync()).Append(clean);
        }
    }

    public Task CompleteAsync(AnswerEnd end) => EndAsync(
        MessageStatus.Completed,
        end.FinishReason,
        new RunChange([new RunEvent(EventTypes.MessageCompleted, OfMessage: true), new RunEvent(EventTypes.RunCompleted)])
        {
            Status = RunStatus.Completed,
            Usage = end.Usage,
        });

    public Task FailAsync(string code, string detail) => EndEarlyAsync(
        new RunChange([new RunEvent(EventTypes.RunFailed)]) { Status = RunStatus.Failed, ErrorCode = code, ErrorDetail = detail }, code);

    /// <summary>Stops where it is, because someone asked; what was said is kept.</summary>
    public Task CancelAsync() => EndEarlyAsync(new RunChange([new RunEvent(EventTypes.RunCancelled)]) { Status = RunStatus.Cancelled }, "cancelled");

    /// <summary>Gives the run back: as if it had never begun, if nothing was seen of it; otherwise it ends here.</summary>
    public Task HandOverAsync() => _writer is null
        ? steps.StepAsync(lease, new RunChange([RunEvents.Queued]) { Status = RunStatus.Queued })
        : FailAsync(RunErrorCodes.WorkerLost, "The service stopped in the middle of the answer.");

    private Task EndEarlyAsync(RunChange change, string reason) => _writer is null
        ? steps.StepAsync(lease, change with { Events = [.. _notices, .. change.Events] })
        : EndAsync(
            MessageStatus.Interrupted,
            reason,
            change with { Events = [new RunEvent(EventTypes.MessageInterrupted, OfMessage: true), .. change.Events] });

    private async Task EndAsync(string status, string reason, RunChange change)
    {
        var rest = _sanitizer.End();
        if (rest.Length > 0)
        {
            await WriteAsync(rest);
        }

        if (_writer is null)
        {
            // An answer without a word: it begins and ends in one commit.
            var whole = new AnswerChange(Ids.New(), status, Starts: true, Content: "", FinishReason: reason);
            await steps.StepAsync(
                lease, change with { Answer = whole, Events = [.. _notices, RunEvents.MessageStarted, .. change.Events] });
            return;
        }

        var answer = new AnswerChange(_writer.MessageId, status, Content: _writer.TextFrom(0), FinishReason: reason);
        await steps.StepAsync(lease, change with { Answer = answer });
    }

    /// <summary>The second of an answer's three commits: started, with its notices, before the first range.</summary>
    private async Task<AnswerWriter> StartAsync()
    {
        var message = Ids.New();
        var started = await steps.StepAsync(
            lease,
            new RunChange([.. _notices, RunEvents.MessageStarted])
            {
                Answer = new AnswerChange(message, MessageStatus.Streaming, Starts: true),
            });
        var text = new LiveText(message, started.Seq + _notices.Count, attempt: 1);
        var writer = new AnswerWriter(feed, lease.ConversationId, text, options.RollUp, time, () => lease.IsHeld);
        checkpoints.Keep(lease, writer);
        return writer;
    }
}
