namespace Conversation.Data.Log;

/// <summary>Writes to conversations whose row somebody else holds: they wait here, in order, so that all others go on.</summary>
internal sealed class ParkedWrites
{
    private readonly Dictionary<Guid, List<LogItem>> _byConversation = [];

    public bool IsEmpty => _byConversation.Count == 0;

    public Guid[] Conversations => [.. _byConversation.Keys];

    /// <summary>Parks an item behind those that wait for the same conversation already.</summary>
    /// <returns>False where none does.</returns>
    public bool TryJoin(LogItem item)
    {
        if (!_byConversation.TryGetValue(item.ConversationId, out var waiting))
        {
            return false;
        }

        waiting.Add(item);
        return true;
    }

    public void Park(LogItem item)
    {
        if (!TryJoin(item))
        {
            _byConversation[item.ConversationId] = [item];
        }
    }

    /// <summary>Takes the first item of each of these conversations; the rest follows once that one is through.</summary>
    public List<LogItem> TakeFirst(IReadOnlySet<Guid> conversations)
    {
        var taken = new List<LogItem>();
        foreach (var conversation in conversations)
        {
            if (_byConversation.TryGetValue(conversation, out var waiting))
            {
                taken.Add(waiting[0]);
                Remove(conversation, waiting, 1);
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
        if (waiting.Count == 0)
        {
            _byConversation.Remove(conversation);
        }
    }
}
