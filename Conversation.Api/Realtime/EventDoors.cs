namespace Conversation.Api.Realtime;

/// <summary>What the events controller needs: controllers are public, what serves them is not.</summary>
public sealed class EventDoors
{
    internal EventDoors(ConversationAccess access, EventStreams streams)
    {
        Access = access;
        Streams = streams;
    }

    internal ConversationAccess Access { get; }

    internal EventStreams Streams { get; }
}
