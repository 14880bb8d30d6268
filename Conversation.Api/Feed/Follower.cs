using System.Diagnostics.CodeAnalysis;
using Conversation.Data.Log;

namespace Conversation.Api.Feed;

/// <summary>What a look for the next frame found.</summary>
internal enum FollowState
{
    /// <summary>A frame.</summary>
    Frame,

    /// <summary>Nothing yet: wait.</summary>
    Idle,

    /// <summary>Events that are no longer in memory: read a page of the log.</summary>
    Behind,

    /// <summary>The conversation, or the right to follow it, is gone.</summary>
    Ended,
}

/// <summary>
/// A cursor over a topic. It holds no queue: whoever is slow finds, at the next look, one longer range of text, and events that have
/// left memory in the log. So a slow reader costs nobody anything, and loses nothing.
/// </summary>
internal sealed class Follower(Topic topic, FollowOptions options)
{
    private readonly Signal _signal = new();
    private readonly Queue<LogEntry> _page = new();
    private Cursor? _text;
    private LiveText? _seen;
    private bool _ended;
    private bool _beat;

    /// <summary>The last event that was taken.</summary>
    public long Seq { get; private set; }

    private Position Position => _text is { } text ? new Position(Seq, text.MessageId, text.Attempt, text.Offset) : new Position(Seq);

    public void Begin(Position position)
    {
        Seq = position.Seq;
        _text = position.MessageId is { } message ? new Cursor(message, position.Attempt, position.Offset) : null;
    }

    public ReadyFrame Ready(long head) => new(topic.ConversationId, head, Position);

    public void Wake() => _signal.Set();

    /// <summary>A heartbeat is due, if the follower has nothing better to say. Call under the gate.</summary>
    public void Beat()
    {
        if (options.Heartbeats)
        {
            _beat = true;
            _signal.Set();
        }
    }

    public ValueTask WaitAsync() => _signal.WaitAsync();

    /// <summary>Takes events read from the log, in order, to be looked at before those in memory.</summary>
    /// <returns>False where they do not go on where this follower stands: what it wants next is gone.</returns>
    public bool Take(IEnumerable<LogEntry> page)
    {
        foreach (var entry in page)
        {
            _page.Enqueue(entry);
        }

        return TryPeekPage(out _);
    }

    public FollowState Next(out FeedFrame? frame)
    {
        lock (topic.Gate)
        {
            frame = null;
            if (_ended || (options.Reach is { } reach && topic.Owner != reach))
            {
                return FollowState.Ended;
            }

            if (TryPeek(out var entry))
            {
                frame = Missing(entry) ?? Step(entry);
                return FollowState.Frame;
            }

            if (Seq < topic.Head)
            {
                return FollowState.Behind;
            }

            frame = Range() ?? Heartbeat();
            return frame is not null ? FollowState.Frame : topic.IsGone ? FollowState.Ended : FollowState.Idle;
        }
    }

    private bool TryPeek([NotNullWhen(true)] out LogEntry? entry) => TryPeekPage(out entry) || topic.TryGetNext(Seq, out entry);

    private bool TryPeekPage([NotNullWhen(true)] out LogEntry? entry)
    {
        while (_page.TryPeek(out entry) && entry.Seq != Seq + 1)
        {
            _page.Dequeue();
        }

        return entry is not null;
    }

    /// <summary>Before an end is told, the rest of the text is, frame by frame: cut from the stored content, so that it is exact.</summary>
    private FeedFrame? Missing(LogEntry entry)
    {
        if (entry.Ended is not { } message)
        {
            return null;
        }

        // A reader with a bare seq may have text of any attempt.
        var had = _text is { } text && text.MessageId == message.Id ? text : new Cursor(message.Id, Attempt: 1, Offset: 0);
        var have = had.Offset;
        var takesBack = false;
        if (had.Attempt < message.Attempt)
        {
            if (options.CanTakeBack)
            {
                have = Math.Min(have, message.Keep);
                takesBack = have < had.Offset || had.Offset == 0;
            }
            else if (!StillHolds(had, message.Keep, message.Content))
            {
                // The run's own last word, which is one attempt more, is not worth a new beginning; what another node wrote instead is.
                if (!entry.ReplacesText || had.Attempt < message.Attempt - 1)
                {
                    return Restart();
                }

                have = message.Content.Length;
            }
        }
        else if (!options.CanTakeBack && _seen?.MessageId == message.Id && !StillHolds(had, keep: 0, message.Content))
        {
            // It was edited since, and this reader has the rest of what it was before.
            return Restart();
        }

        // A message that was edited since may be shorter than what is kept, and may have a pair where the reader's text ended.
        have = Math.Min(have, message.Content.Length);
        if (have > 0 && have < message.Content.Length && char.IsLowSurrogate(message.Content[have]))
        {
            have--;
        }

        _seen = null;
        var to = DeltaFrame.End(message.Content, have);
        _text = new Cursor(message.Id, message.Attempt, to);
        return have >= message.Content.Length && !takesBack
            ? null
            : new DeltaFrame(
                new LiveRange(message.Seq, message.Id, message.Attempt, have, message.Keep, message.Content.AsMemory(have..to)), Position);
    }

    private EventFrame Step(LogEntry entry)
    {
        _page.TryDequeue(out _);
        Seq = entry.Seq;
        if (entry.Started is { } started)
        {
            // One that has ended since comes whole in this event, where the dialect's events carry text; its end then has nothing to add.
            _text = new Cursor(started.Id, started.Attempt, options.TextInEvents ? started.Content.Length : 0);
        }
        else if (entry.EndsText)
        {
            _text = null;
        }

        _ended = entry.Type == EventTypes.ConversationDeleted;
        return entry.Frame(Position);
    }

    private FeedFrame? Range()
    {
        // Only in step with the topic: one that has read further may have seen the end of the text that the topic still holds.
        if (topic.Text is not { } live || live.BaseSeq > Seq || Seq != topic.Head)
        {
            return null;
        }

        var had = _text is { } text && text.MessageId == live.MessageId ? text : new Cursor(live.MessageId, live.Attempt, 0);
        var have = had.Offset;
        if (had.Attempt < live.Attempt)
        {
            if (options.CanTakeBack)
            {
                have = Math.Min(have, live.Keep);
            }
            else if (have > live.Visible)
            {
                return null;
            }
            else if (!StillHolds(had, live.Keep, live.Slice(0, live.Visible).Span))
            {
                return Restart();
            }
        }

        // A position may be ahead of what this node knows: another one was faster.
        if (have >= live.Visible || had.Attempt > live.Attempt)
        {
            return null;
        }

        _seen = live;
        var from = live.SplitsPair(have) ? have - 1 : have;
        _text = new Cursor(live.MessageId, live.Attempt, DeltaFrame.End(live.Slice(0, live.Visible).Span, from));
        return topic.Delta(live, from, Position);
    }

    /// <summary>Whether what a reader got of a text is in a later one as well.</summary>
    private bool StillHolds(Cursor had, int keep, ReadOnlySpan<char> later) =>
        had.Offset <= keep
        || (_seen is { } seen
            && seen.MessageId == had.MessageId
            && had.Offset <= later.Length
            && seen.Slice(0, had.Offset).Span.SequenceEqual(later[..had.Offset]));

    private RestartFrame Restart()
    {
        _ended = true;
        return new RestartFrame(Position);
    }

    private HeartbeatFrame? Heartbeat()
    {
        if (!_beat)
        {
            return null;
        }

        _beat = false;
        return topic.Heartbeat(Position);
    }

    /// <summary>How much of the text of a message that is being generated was taken.</summary>
    private readonly record struct Cursor(Guid MessageId, int Attempt, int Offset);
}
