namespace Conversation.Data.Log;

/// <summary>Is told what was committed here, so that followers need not wait for a poll. A missed call costs latency, never data.</summary>
public interface ICommitListener
{
    /// <summary>Called after every commit, before the callers are answered. Must not block and must not throw.</summary>
    /// <param name="conversations">The conversations whose logs grew.</param>
    void Committed(IReadOnlyCollection<Guid> conversations);
}
