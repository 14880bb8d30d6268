namespace Conversation.Api.Feed;

/// <summary>Is told what other nodes committed. A missed call costs latency, never data.</summary>
internal interface IHintListener
{
    /// <summary>Must not block and must not throw.</summary>
    /// <param name="conversations">Where something was committed; null for "perhaps anywhere".</param>
    void Hinted(IReadOnlyCollection<Guid>? conversations);
}
