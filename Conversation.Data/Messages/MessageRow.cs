namespace Conversation.Data.Messages;

/// <summary>A row of <c>messages</c>; while the message is streaming, <paramref name="Content"/> is its checkpointed text so far.</summary>
/// <param name="Id">Its id.</param>
/// <param name="ConversationId">Where it stands.</param>
/// <param name="Seq">The seq of the event that made it: the order of messages.</param>
/// <param name="Role"><c>user</c>, <c>assistant</c> or <c>system</c>.</param>
/// <param name="Content">The text.</param>
/// <param name="Metadata">A JSON object as text, as it was sent.</param>
/// <param name="Status">One of <see cref="MessageStatus"/>.</param>
/// <param name="FinishReason">Why an answer ended.</param>
/// <param name="RunId">The run that produced it, or that it triggered.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="UpdatedAt">UTC.</param>
public sealed record MessageRow(
    Guid Id,
    Guid ConversationId,
    long Seq,
    string Role,
    string Content,
    string? Metadata,
    string Status,
    string? FinishReason,
    Guid? RunId,
    DateTime CreatedAt,
    DateTime UpdatedAt)
{
    /// <summary>Counts rewrites of the text while it is generated, from 1; read with an event only, as what stands below it is.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>How many UTF-16 code units this attempt has in common with every earlier one.</summary>
    public int Keep { get; init; }

    /// <summary>True for one that only its events remember.</summary>
    public bool Deleted { get; init; }
}
