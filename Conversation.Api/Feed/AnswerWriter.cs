namespace Conversation.Api.Feed;

/// <summary>
/// Where a run writes its answer: the first text is shown at once, what follows within the roll-up time together, as one range.
/// Dispose it after the end is committed.
/// </summary>
internal sealed class AnswerWriter : IDisposable
{
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(250);

    private readonly ConversationFeed _feed;
    private readonly Topic _topic;
    private readonly LiveText _text;
    private readonly TimeSpan _rollUp;
    private readonly TimeProvider _time;
    private readonly Func<bool> _maySpeak;
    private readonly ITimer _timer;
    private readonly Lock _pace = new();
    private long _shown;
    private bool _waiting;

    public AnswerWriter(
        ConversationFeed feed, Guid conversationId, LiveText text, TimeSpan rollUp, TimeProvider time, Func<bool> maySpeak)
    {
        _feed = feed;
        _text = text;
        _rollUp = rollUp;
        _time = time;
        _maySpeak = maySpeak;
        _topic = feed.Hold(conversationId);
        _topic.Open(text);
        _timer = time.CreateTimer(static state => ((AnswerWriter)state!).ShowLate(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public Guid MessageId => _text.MessageId;

    public int Attempt => _text.Attempt;

    /// <summary>How much there is, in UTF-16 code units.</summary>
    public int Length
    {
        get
        {
            lock (_topic.Gate)
            {
                return _text.Length;
            }
        }
    }

    /// <summary>More text, whole in itself: it does not end inside a surrogate pair.</summary>
    public void Append(ReadOnlySpan<char> text)
    {
        _topic.Append(_text, text);
        lock (_pace)
        {
            if (_waiting)
            {
                return;
            }

            var since = _time.GetElapsedTime(_shown);
            if (_shown != 0 && since < _rollUp)
            {
                _waiting = true;
                _timer.Change(_rollUp - since, Timeout.InfiniteTimeSpan);
                return;
            }

            _shown = _time.GetTimestamp();
        }

        Show();
    }

    /// <summary>The text from an offset on, for a checkpoint; empty where there is nothing new.</summary>
    public string TextFrom(int offset)
    {
        lock (_topic.Gate)
        {
            return _text.Slice(offset, _text.Length).ToString();
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _topic.Close(_text);
        _feed.Release(_topic);
    }

    private void ShowLate()
    {
        lock (_pace)
        {
            _waiting = false;
            _shown = _time.GetTimestamp();
        }

        Show();
    }

    /// <summary>While the lease may be another node's nothing is shown. It is tried again: the lease may come back after the last piece of text.</summary>
    private void Show()
    {
        if (_maySpeak())
        {
            _topic.Show(_text);
            return;
        }

        lock (_pace)
        {
            if (!_waiting)
            {
                _waiting = true;
                _timer.Change(Silence, Timeout.InfiniteTimeSpan);
            }
        }
    }
}
