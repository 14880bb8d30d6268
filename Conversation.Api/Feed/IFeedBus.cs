namespace Conversation.Api.Feed;

/// <summary>
/// Tells the other nodes which conversations may have grown. Only a hint: the log is the truth, and a lost hint costs a moment, never
/// an event. Another bus (Redis, say) may replace PostgreSQL's.
/// </summary>
internal interface IFeedBus
{
    /// <summary>Passes a hint on, soon. Never blocks, never throws, remembers at most one hint for each conversation.</summary>
    /// <param name="conversations">Where something was committed, or text was checkpointed.</param>
    void Publish(IReadOnlyCollection<Guid> conversations);
}
