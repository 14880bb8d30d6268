namespace Conversation.Api.Feed;

/// <summary>
/// Where a run writes its answer: text goes to the followers at once, then, while more comes, one range at a time for text that
/// comes faster than anyone reads. Dispose it after the end is committed.
/// </summary>
internal sealed class AnswerWriter : IDisposable
{
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

    /// <summary>A producer whose lease may be another's already keeps silent.</summary>
    private void Show()
    {
        if (_maySpeak())
        {
            _topic.Show(_text);
        }
    }
}
