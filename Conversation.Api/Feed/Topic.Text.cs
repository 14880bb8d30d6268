using Conversation.Data.Checkpoints;
using Conversation.Data.Conversations;

namespace Conversation.Api.Feed;

/// <content>The text that is being generated.</content>
internal sealed partial class Topic
{
    /// <summary>
    /// The last frames of text, each at the place of its part of the text: followers who read a long range do not keep in step to the frame,
    /// and each part is still encoded once for all of them. The frames of short ranges come after each other at the same place.
    /// </summary>
    private readonly DeltaFrame?[] _deltas = new DeltaFrame?[8];

    private HeartbeatFrame? _lastHeartbeat;

    /// <summary>The text that is being generated, null while there is none.</summary>
    public LiveText? Text
    {
        get;
        private set
        {
            field = value;
            Array.Clear(_deltas);
        }
    }

    /// <summary>A text of this node's own begins, unless a later one is known: then its run was another's while its commit was on its way.</summary>
    public void Open(LiveText text)
    {
        lock (Gate)
        {
            if (Text is not { } known || known.BaseSeq < text.BaseSeq || (known.MessageId == text.MessageId && known.Attempt <= text.Attempt))
            {
                Text = text;
            }
        }
    }

    /// <summary>Forgets the text unless its end was published meanwhile, which has forgotten it already.</summary>
    public void Close(LiveText text)
    {
        lock (Gate)
        {
            if (ReferenceEquals(Text, text))
            {
                Text = null;
            }
        }
    }

    /// <summary>Takes a piece of a text that another node generates; what is known already is passed over.</summary>
    public void TakeForeign(StoredChunk chunk)
    {
        Follower[] everyone = [];
        lock (Gate)
        {
            if (Text is { IsForeign: true } text
                && text.MessageId == chunk.MessageId
                && text.Attempt == chunk.Attempt
                && chunk.FromOffset <= text.Length
                && chunk.FromOffset + chunk.Text.Length > text.Length)
            {
                text.Append(chunk.Text.AsSpan(text.Length - chunk.FromOffset));
                text.Publish();
                everyone = Everyone();
            }
        }

        Wake(everyone);
    }

    public void Append(LiveText text, ReadOnlySpan<char> more)
    {
        lock (Gate)
        {
            text.Append(more);
        }
    }

    /// <summary>Shows the text so far to everyone.</summary>
    public void Show(LiveText text)
    {
        Follower[] everyone = [];
        lock (Gate)
        {
            if (text.Publish())
            {
                everyone = Everyone();
            }
        }

        Wake(everyone);
    }

    /// <summary>The frame of a range: the same one for every follower in step. Call under the gate.</summary>
    public DeltaFrame Delta(LiveText text, int from, Position position)
    {
        var range = new LiveRange(text.BaseSeq, text.MessageId, text.Attempt, from, text.Keep, text.Slice(from, position.Offset));
        ref var kept = ref _deltas[from / DeltaFrame.LongestText % _deltas.Length];
        if (kept is { } last
            && last.Position == position
            && last.Range.From == from
            && last.Range.BaseSeq == range.BaseSeq)
        {
            return last;
        }

        return kept = new DeltaFrame(range, position)
        {
            SaidAt = text.IsForeign || position.Offset <= text.StepFrom ? 0 : text.StepSaidAt,
            IsMerged = from < text.StepFrom,
        };
    }

    /// <summary>The frame of a heartbeat: the same one for every follower in step, as long as nothing happens. Call under the gate.</summary>
    public HeartbeatFrame Heartbeat(Position position)
    {
        Position? streaming = Text is { } live ? new Position(live.BaseSeq, live.MessageId, live.Attempt, live.Visible) : null;
        return _lastHeartbeat is { } last && last.Position == position && last.Head == Head && last.Streaming == streaming
            ? last
            : _lastHeartbeat = new HeartbeatFrame(Head, streaming, position);
    }

    /// <summary>
    /// The end of a text of this node's own may lie behind the first look, so that its event is never published here: whoever comes
    /// with a position after the end would be told all of the text again, until the writer hears of its commit.
    /// </summary>
    private void CloseEnded(LogHead look)
    {
        if (Text is { } text && text.BaseSeq <= look.LastSeq && text.MessageId != look.StreamingMessageId)
        {
            Text = null;
        }
    }

    /// <summary>
    /// A text of this node's own is ahead of its checkpoints, and is replaced only by a later attempt: then another node has taken the
    /// run over. An earlier message is one that was read, or looked at, too late. The new text begins empty, because its checkpoints are
    /// read from where a piece begins, and the first holds all that was kept.
    /// </summary>
    /// <returns>Whether it was opened: false for a text that is known.</returns>
    private bool OpenForeign(Guid message, long seq, int attempt, int keep)
    {
        if (Text is { } text && (text.BaseSeq > seq || (text.MessageId == message && text.Attempt >= attempt)))
        {
            return false;
        }

        Text = new LiveText(message, seq, attempt, keep, isForeign: true);
        return true;
    }
}
