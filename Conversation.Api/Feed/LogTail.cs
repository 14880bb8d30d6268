using System.Collections.Concurrent;
using Conversation.Data.Log;

namespace Conversation.Api.Feed;

/// <summary>Which conversations may have grown since the log was last read: a set, so it cannot outgrow what is followed.</summary>
internal sealed class LogTail : ICommitListener, IHintListener
{
    private readonly ConcurrentDictionary<Guid, bool> _grown = new();
    private bool _lookAtAll;

    public Signal Signal { get; } = new();

    /// <summary>Set by the reader: only what somebody follows here is worth a note.</summary>
    public Func<Guid, bool> IsFollowed { get; set; } = _ => false;

    public void Committed(IReadOnlyCollection<Guid> conversations) => Hint(conversations);

    public void Hint(IReadOnlyCollection<Guid> conversations)
    {
        var any = false;
        foreach (var conversation in conversations)
        {
            if (IsFollowed(conversation))
            {
                any = true;
                _grown[conversation] = true;
            }
        }

        if (any)
        {
            Signal.Set();
        }
    }

    public void Hinted(IReadOnlyCollection<Guid>? conversations)
    {
        if (conversations is null)
        {
            HintAll();
        }
        else
        {
            Hint(conversations);
        }
    }

    /// <summary>Hints may have been missed: everything that is followed is looked at.</summary>
    public void HintAll()
    {
        Volatile.Write(ref _lookAtAll, true);
        Signal.Set();
    }

    /// <summary>Whether everything is to be looked at; asked once.</summary>
    public bool TakeAll() => Interlocked.Exchange(ref _lookAtAll, value: false);

    public Guid[] Take()
    {
        var taken = _grown.Keys.ToArray();
        foreach (var conversation in taken)
        {
            _grown.TryRemove(conversation, out _);
        }

        return taken;
    }
}
