using Conversation.Api.AgentRuntimes;
using Conversation.Api.Feed;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Conversation.Data.Postgres;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>
/// The answer of one run as it comes to be: nothing is stored until there is something to show; then the message is started with
/// the notices so far, its text goes to the followers and the checkpoints, and one commit ends message and run. One caller at a time.
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
    private string? _metadata;
    private string? _resumeToken;
    private bool _toldOfTools;

    /// <summary>Whether another process could go on with it.</summary>
    public bool IsResumable => _resumeToken is not null;

    /// <summary>Whether it is as long as it may be.</summary>
    public bool IsFull { get; private set; }

    public ValueTask DisposeAsync()
    {
        if (_writer is not null)
        {
            checkpoints.Forget(_writer);
            _writer.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Goes on with an answer that another node began.</summary>
    public void Continue(TakenAnswer taken)
    {
        _resumeToken = taken.ResumeToken;
        var text = new LiveText(taken.MessageId, taken.Run.MessageSeq, taken.Run.MessageAttempt, taken.Run.Keep);
        text.Append(taken.Text);
        // Shown by the writer, which asks whether it still may: the reply to the takeover may have come after the lease's time.
        Begin(text).Append("");
    }

    public async Task NoteAsync(RunEvent happened)
    {
        if (_writer is null)
        {
            _notices.Add(happened);
        }
        else
        {
            await steps.StepAsync(lease, Step(happened));
        }
    }

    /// <summary>What a tool does is told at once: it may take long, and nothing else is said meanwhile.</summary>
    public async Task NoteToolAsync(RunEvent happened)
    {
        await steps.StepAsync(lease, Step([.. _notices, happened]));
        _notices.Clear();
        _toldOfTools = true;
    }

    public void Describe(string metadata) => _metadata = metadata;

    /// <summary>From here another process could go on; kept with the text so far. A token that cannot be kept is none.</summary>
    public void ResumeAt(string token)
    {
        if (TextSanitizer.Whole(token) != token)
        {
            return;
        }

        _resumeToken = token;
        if (_writer is not null && _sanitizer.IsWhole)
        {
            checkpoints.ResumeAt(_writer, token);
        }
    }

    public Task WriteAsync(string text) => AppendAsync(_sanitizer.Clean(text));

    public async Task CompleteAsync(AnswerEnd end)
    {
        await AppendAsync(_sanitizer.End());
        var step = Step(new RunEvent(EventTypes.RunCompleted)) with { Status = RunStatus.Completed, Usage = end.Usage };
        var whole = end.Text is null ? null : TextSanitizer.Whole(end.Text);
        var final = whole is null ? null : Cut(whole, 0);
        var reason = final?.Length < whole?.Length ? "length" : TextSanitizer.Whole(end.FinishReason);
        if (_writer is null)
        {
            await EndWholeAsync(final ?? "", reason, step);
            return;
        }

        var shown = _writer.TextFrom(0);
        var keep = final is null || final.StartsWith(shown, StringComparison.Ordinal) ? (int?)null : CommonLength(final, shown);
        await EndAsync(
            new AnswerChange(_writer.MessageId, MessageStatus.Completed, Content: final ?? shown, FinishReason: reason, Keep: keep),
            step with { Events = [keep is null ? RunEvents.MessageCompleted : RunEvents.MessageRewritten, .. step.Events] });
    }

    public Task FailAsync(string code, string detail) => EndEarlyAsync(
        Step(new RunEvent(EventTypes.RunFailed)) with
        {
            Status = RunStatus.Failed,
            ErrorCode = code,
            ErrorDetail = TextSanitizer.Whole(detail),
        },
        code);

    /// <summary>Stops where it is, because someone asked; what was said is kept.</summary>
    public Task CancelAsync(string outcome) => EndEarlyAsync(
        Step(new RunEvent(EventTypes.RunCancelled)) with { Status = RunStatus.Cancelled, CancelOutcome = outcome }, "cancelled");

    /// <summary>
    /// Whether it can begin anew as if it never had: no text was shown, nor what a tool did, which would be done again, unless the runtime
    /// finds the work where it was.
    /// </summary>
    public bool IsUnseen => _writer is null && (!_toldOfTools || IsResumable);

    /// <summary>Back to the queue, as if it had never begun. Only while it is unseen.</summary>
    public Task RequeueAsync() => steps.StepAsync(lease, Step(RunEvents.Queued) with { Status = RunStatus.Queued });

    /// <summary>Everything that was shown is kept: another node may go on with it.</summary>
    public Task KeepAsync(CancellationToken token) => checkpoints.FlushAsync(token);

    private async Task AppendAsync(string clean)
    {
        if (clean.Length > 0)
        {
            _writer ??= await StartAsync();
            var cut = Cut(clean, _writer.Length);
            _writer.Append(cut);
            IsFull = cut.Length < clean.Length || _writer.Length == options.LongestAnswer;
        }
    }

    private string Cut(string text, int have)
    {
        var room = options.LongestAnswer - have;
        return text.Length <= room ? text : text[..(room > 0 && char.IsHighSurrogate(text[room - 1]) ? room - 1 : Math.Max(room, 0))];
    }

    private async Task EndEarlyAsync(StepRun step, string reason)
    {
        await AppendAsync(_sanitizer.End());
        if (_writer is null)
        {
            await steps.StepAsync(lease, step with { Events = [.. _notices, .. step.Events] });
            return;
        }

        await EndAsync(
            new AnswerChange(_writer.MessageId, MessageStatus.Interrupted, Content: _writer.TextFrom(0), FinishReason: reason),
            step with { Events = [RunEvents.MessageInterrupted, .. step.Events] });
    }

    private Task EndAsync(AnswerChange answer, StepRun step) => steps.StepAsync(lease, step with { Answer = answer });

    /// <summary>An answer that comes in one piece begins and ends in one commit.</summary>
    private Task EndWholeAsync(string content, string reason, StepRun step) => EndAsync(
        new AnswerChange(Ids.New(), MessageStatus.Completed, Starts: true, Content: content, FinishReason: reason, Metadata: _metadata),
        step with { Events = [.. _notices, RunEvents.MessageStarted, RunEvents.MessageCompleted, .. step.Events] });

    /// <summary>The second of an answer's three commits: started, with its notices and its resume token, before the first range.</summary>
    private async Task<AnswerWriter> StartAsync()
    {
        var message = Ids.New();
        var started = await steps.StepAsync(
            lease,
            Step([.. _notices, RunEvents.MessageStarted]) with
            {
                Answer = new AnswerChange(message, MessageStatus.Streaming, Starts: true, Metadata: _metadata),
                ResumeToken = _resumeToken,
            });
        var text = new LiveText(message, started.Seq + _notices.Count, attempt: 1);
        _notices.Clear();
        return Begin(text);
    }

    private AnswerWriter Begin(LiveText text)
    {
        _writer = new AnswerWriter(feed, lease.ConversationId, text, options.RollUp, time, () => lease.IsHeld);
        checkpoints.Keep(lease, _writer);
        return _writer;
    }

    private StepRun Step(params IReadOnlyList<RunEvent> events) => new()
    {
        ConversationId = lease.ConversationId,
        RunId = lease.RunId,
        Attempt = lease.Attempt,
        Events = events,
    };

    private static int CommonLength(string one, string other)
    {
        var length = one.AsSpan().CommonPrefixLength(other);
        return length > 0 && char.IsHighSurrogate(one[length - 1]) ? length - 1 : length;
    }
}

/// <summary>An answer that this node has taken over.</summary>
/// <param name="Run">The new attempt.</param>
/// <param name="MessageId">The message that goes on.</param>
/// <param name="Text">What is kept of it.</param>
/// <param name="ResumeToken">From where the runtime is to go on.</param>
internal sealed record TakenAnswer(TakenRun Run, Guid MessageId, string Text, string ResumeToken);
