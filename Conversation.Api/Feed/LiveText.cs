namespace Conversation.Api.Feed;

/// <summary>
/// The text of a message that is being generated: appended at the end only, shown to followers up to <see cref="Visible"/>. Guarded
/// by its topic's gate; what was shown never changes, so it may be read outside. Pieces never end inside a surrogate pair.
/// </summary>
/// <param name="messageId">The message.</param>
/// <param name="baseSeq">The seq of the event that started it.</param>
/// <param name="attempt">Counts rewrites of the text.</param>
/// <param name="keep">How much this attempt has in common with all earlier ones.</param>
/// <param name="isForeign">Whether another node generates it.</param>
internal sealed class LiveText(Guid messageId, long baseSeq, int attempt, int keep = 0, bool isForeign = false)
{
    private const int FirstCapacity = 1024;

    private char[] _text = new char[FirstCapacity];
    private long _saidAt;

    public Guid MessageId => messageId;

    /// <summary>The seq of the event that started the message: no range is sent before it.</summary>
    public long BaseSeq => baseSeq;

    public int Attempt => attempt;

    /// <summary>What a follower of an earlier attempt keeps of its text, in UTF-16 code units.</summary>
    public int Keep => keep;

    /// <summary>Whether another node generates it, and this one reads its checkpoints.</summary>
    public bool IsForeign => isForeign;

    /// <summary>How much there is, in UTF-16 code units.</summary>
    public int Length { get; private set; }

    /// <summary>How much followers may see.</summary>
    public int Visible { get; private set; }

    /// <summary>Where the newest step that followers may see begins.</summary>
    public int StepFrom { get; private set; }

    /// <summary>When the first word of that step was said, by the monotonic clock.</summary>
    public long StepSaidAt { get; private set; }

    public void Append(ReadOnlySpan<char> text)
    {
        if (Length == Visible)
        {
            _saidAt = TimeProvider.System.GetTimestamp();
        }

        if (Length + text.Length > _text.Length)
        {
            Array.Resize(ref _text, Math.Max(_text.Length * 2, Length + text.Length));
        }

        text.CopyTo(_text.AsSpan(Length));
        Length += text.Length;
    }

    /// <summary>Shows everything.</summary>
    /// <returns>Whether there is more to see than before.</returns>
    public bool Publish()
    {
        if (Length == Visible)
        {
            return false;
        }

        (StepFrom, StepSaidAt) = (Visible, _saidAt);
        Visible = Length;
        return true;
    }

    /// <summary>A range of the text. It is appended to at its end only, so the range stays valid after the gate is left.</summary>
    public ReadOnlyMemory<char> Slice(int from, int to) => _text.AsMemory(from, to - from);

    public bool SplitsPair(int offset) => offset > 0 && offset < Length && char.IsLowSurrogate(_text[offset]);
}
