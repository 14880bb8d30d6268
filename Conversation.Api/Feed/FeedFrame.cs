namespace Conversation.Api.Feed;

/// <summary>
/// One thing that a follower is told. Shared by all followers at the same position, so that it is encoded once for each dialect
/// and not once for each follower.
/// </summary>
internal abstract class FeedFrame(Position position)
{
    private ReadOnlyMemory<byte>[]? _legacy;
    private byte[]? _v2;
    private object? _hubMessage;

    /// <summary>Where a follower is after this frame.</summary>
    public Position Position => position;

    /// <summary>The v2 dialect's JSON. Two threads that ask at once may both encode; the result is the same.</summary>
    public byte[] V2 => _v2 ??= V2Dialect.Encode(this);

    /// <summary>The legacy dialect's frames: none, one or two.</summary>
    public ReadOnlyMemory<byte>[] Legacy => _legacy ??= LegacyDialect.Encode(this);

    /// <summary>What a door makes of the frame for all of its connections.</summary>
    public T HubMessage<T>(Func<FeedFrame, T> make)
        where T : class => (T)(_hubMessage ??= make(this));
}

/// <summary>A durable event.</summary>
internal sealed class EventFrame(LogEntry entry, Position position) : FeedFrame(position)
{
    public LogEntry Entry => entry;
}

/// <summary>A range of text of a message that is being generated.</summary>
internal sealed class DeltaFrame(LiveRange range, Position position) : FeedFrame(position)
{
    /// <summary>
    /// In UTF-16 code units. A client sees a frame when all of it has come, and its connection counts as dead when that takes too long: a
    /// reader at the end of a slow link gets a long text in pieces, and comes back behind the last one that it has.
    /// </summary>
    public const int LongestText = 64 * 1024;

    public LiveRange Range => range;

    /// <summary>Where a frame ends that begins somewhere in a text: never inside a surrogate pair.</summary>
    public static int End(ReadOnlySpan<char> text, int from)
    {
        var to = Math.Min(text.Length, from + LongestText);
        return to < text.Length && char.IsLowSurrogate(text[to]) ? to - 1 : to;
    }

    /// <summary>When the runtime said its newest step, by the monotonic clock; 0 where that is not known here, or no part of it.</summary>
    public long SaidAt { get; init; }

    /// <summary>Whether it holds more than one step.</summary>
    public bool IsMerged { get; init; }
}

/// <summary>The follower is registered: what is posted from now on is seen.</summary>
internal sealed class ReadyFrame(Guid conversationId, long head, Position position) : FeedFrame(position)
{
    public Guid ConversationId => conversationId;

    public long Head => head;
}

/// <summary>The conversation, or the right to follow it, is gone: nothing more comes.</summary>
internal sealed class EndedFrame(Guid conversationId, Position position) : FeedFrame(position)
{
    public Guid ConversationId => conversationId;
}

/// <summary>All is well: where the log ends, and how far the text that is being generated is.</summary>
internal sealed class HeartbeatFrame(long head, Position? streaming, Position position) : FeedFrame(position)
{
    public long Head => head;

    public Position? Streaming => streaming;
}

/// <summary>What this reader was shown cannot be taken back in its dialect: it has to begin anew.</summary>
internal sealed class RestartFrame(Position position) : FeedFrame(position);

/// <summary>A piece of a message's text.</summary>
/// <param name="BaseSeq">The seq of the event that started the message.</param>
/// <param name="MessageId">Which message.</param>
/// <param name="Attempt">Which attempt at its text.</param>
/// <param name="From">Its first UTF-16 code unit.</param>
/// <param name="Keep">What a reader of an earlier attempt keeps of its text before it applies this; never beyond <paramref name="From"/> for such a reader.</param>
/// <param name="Text">The text.</param>
internal sealed record LiveRange(long BaseSeq, Guid MessageId, int Attempt, int From, int Keep, ReadOnlyMemory<char> Text)
{
    public int To => From + Text.Length;
}
