namespace Conversation.Data.Log;

/// <summary>Writes to conversations whose row somebody else holds: they wait here, in order, so that all others go on.</summary>
internal sealed class ParkedWrites
{
    private readonly Dictionary<Guid, List<LogItem>> _byConversation = [];
    private int _count;

    public bool IsEmpty => _byConversation.Count == 0;

    public Guid[] Conversations => [.. _byConversation.Keys];

    /// <summary>Whether something waits for this conversation already: what follows waits behind it.</summary>
    public bool HasWaiting(Guid conversation) => _byConversation.ContainsKey(conversation);

    /// <returns>False where there is no room: no queue grows without bound.</returns>
    public bool TryPark(LogItem item)
    {
        if (_count == ConversationLog.QueueCapacity)
        {
            return false;
        }

        _count++;
        if (!_byConversation.TryGetValue(item.ConversationId, out var waiting))
        {
            _byConversation[item.ConversationId] = waiting = [];
        }

        waiting.Add(item);
        return true;
    }

    /// <summary>
    /// Takes what waits for these conversations, in order, as many as one statement may judge: one at a time would never catch up
    /// while more keep coming behind them.
    /// </summary>
    /// <param name="conversations">Those that nobody holds any more.</param>
    /// <param name="most">How many at the most.</param>
    public List<LogItem> Take(IReadOnlySet<Guid> conversations, int most)
    {
        var taken = new List<LogItem>();
        var conflicts = new HashSet<object>();
        foreach (var conversation in conversations)
        {
            if (_byConversation.TryGetValue(conversation, out var waiting))
            {
                var next = waiting.TakeWhile(item => item.ConflictKey is not { } key || conflicts.Add(key)).Take(most - taken.Count).ToList();
                taken.AddRange(next);
                Remove(conversation, waiting, next.Count);
            }
        }

        return taken;
    }

    /// <summary>Takes those that have waited for too long.</summary>
    public List<LogItem> TakeOlderThan(TimeSpan age, TimeProvider time)
    {
        var taken = new List<LogItem>();
        foreach (var (conversation, waiting) in _byConversation.ToArray())
        {
            var old = waiting.TakeWhile(item => time.GetElapsedTime(item.ArrivedAt) > age).ToList();
            taken.AddRange(old);
            Remove(conversation, waiting, old.Count);
        }

        return taken;
    }

    private void Remove(Guid conversation, List<LogItem> waiting, int count)
    {
        waiting.RemoveRange(0, count);
        _count -= count;
        if (waiting.Count == 0)
        {
            _byConversation.Remove(conversation);
        }
    }
}
