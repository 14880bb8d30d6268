using Conversation.Data.Messages;
using Conversation.Data.Runs;

namespace Conversation.Data.Log;

/// <summary>A row of <c>conversation_events</c> with the message or run it tells of, as they are now.</summary>
public sealed record EventRow
{
    /// <summary>Which log.</summary>
    public required Guid ConversationId { get; init; }

    /// <summary>Its number.</summary>
    public required long Seq { get; init; }

    /// <summary>One of <see cref="EventTypes"/>.</summary>
    public required string Type { get; init; }

    /// <summary>When it was stored, UTC.</summary>
    public required DateTime At { get; init; }

    /// <summary>The run it belongs to.</summary>
    public Guid? RunId { get; init; }

    /// <summary>Its own data, JSON as text.</summary>
    public string? Data { get; init; }

    /// <summary>The message it tells of.</summary>
    public MessageRow? Message { get; init; }

    /// <summary>The run it tells of.</summary>
    public RunRow? Run { get; init; }
}
