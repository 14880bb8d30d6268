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
    public void Take(IEnumerable<LogEntry> page)
    {
        foreach (var entry in page)
        {
            _page.Enqueue(entry);
        }
    }

    public FollowState TryNext(out FeedFrame? frame)
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
                frame = Missing(entry) is { } missing ? missing : Step(entry);
                return FollowState.Frame;
            }

            if (Seq < topic.Head)
            {
                return FollowState.Behind;
            }

            frame = Range();
            frame ??= Heartbeat();
            return frame is not null ? FollowState.Frame : topic.IsGone ? FollowState.Ended : FollowState.Idle;
        }
    }

    private bool TryPeek([NotNullWhen(true)] out LogEntry? entry)
    {
        while (_page.TryPeek(out entry))
        {
            if (entry.Seq == Seq + 1)
            {
                return true;
            }

            _page.Dequeue();
        }

        return topic.TryGetNext(Seq, out entry);
    }

    /// <summary>Before an end is told, the rest of the text is: cut from the stored content, so that it is exact.</summary>
    private DeltaFrame? Missing(LogEntry entry)
    {
        if (entry.Ended is not { } message)
        {
            return null;
        }

        var have = _text is { } text && text.MessageId == message.Id ? text.Offset : 0;
        if (have >= message.Content.Length)
        {
            return null;
        }

        _text = new Cursor(message.Id, message.Attempt, message.Content.Length);
        return new DeltaFrame(
            new LiveRange(message.Seq, message.Id, message.Attempt, have, message.Content.AsMemory(have)), Position);
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

        if (_text is not { } have || have.MessageId != live.MessageId)
        {
            have = new Cursor(live.MessageId, live.Attempt, 0);
        }

        if (have.Offset >= live.Visible)
        {
            return null;
        }

        var from = live.SplitsPair(have.Offset) ? have.Offset - 1 : have.Offset;
        _text = have with { Attempt = live.Attempt, Offset = live.Visible };
        return topic.Delta(live, from, Position);
    }

    private HeartbeatFrame? Heartbeat()
    {
        if (!_beat)
        {
            return null;
        }

        _beat = false;
        return new HeartbeatFrame(topic.Head, topic.Text is { } live ? new Position(live.BaseSeq, live.MessageId, live.Attempt, live.Visible) : null, Position);
    }

    /// <summary>How much of the text of a message that is being generated was taken.</summary>
    private readonly record struct Cursor(Guid MessageId, int Attempt, int Offset);
}
