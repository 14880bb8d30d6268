using System.Diagnostics.CodeAnalysis;

namespace Conversation.Api.Feed;

/// <summary>
/// The latest events of a topic, bounded by number and by text. A follower further behind reads from the database instead: memory
/// stays bounded, and nothing is lost.
/// </summary>
internal sealed class RecentEvents
{
    private const int MostEvents = 128;

    /// <summary>In UTF-16 code units.</summary>
    private const int MostText = 1024 * 1024;

    private readonly LogEntry?[] _entries = new LogEntry?[MostEvents];
    private long _first = 1;
    private long _last;
    private int _text;

    public bool TryGet(long seq, [NotNullWhen(true)] out LogEntry? entry)
    {
        entry = seq >= _first && seq <= _last ? _entries[seq % MostEvents] : null;
        return entry is not null;
    }

    /// <summary>Takes the event after the last one; one that does not follow it begins anew.</summary>
    public void Keep(LogEntry entry)
    {
        if (entry.Seq != _last + 1)
        {
            while (_first <= _last)
            {
                Forget();
            }

            _first = entry.Seq;
        }
        else if (entry.Seq - _first >= MostEvents)
        {
            Forget();
        }

        _last = entry.Seq;
        _entries[entry.Seq % MostEvents] = entry;
        _text += Weight(entry);
        while (_text > MostText && _first < _last)
        {
            Forget();
        }
    }

    /// <summary>
    /// Forgets what was read of a message before it was changed: whoever comes later is told of it as it is now, out of the log.
    /// </summary>
    public void Forget(Guid messageId)
    {
        for (var seq = _first; seq <= _last; seq++)
        {
            ref var entry = ref _entries[seq % MostEvents];
            if (entry?.Row.Message?.Id == messageId)
            {
                _text -= Weight(entry);
                entry = null;
            }
        }
    }

    private void Forget()
    {
        ref var oldest = ref _entries[_first % MostEvents];
        _text -= oldest is null ? 0 : Weight(oldest);
        oldest = null;
        _first++;
    }

    private static int Weight(LogEntry entry) =>
        (entry.Row.Message?.Content.Length ?? 0) + (entry.Row.Message?.Metadata?.Length ?? 0) + (entry.Row.Data?.Length ?? 0);
}
