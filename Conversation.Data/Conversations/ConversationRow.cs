namespace Conversation.Data.Conversations;

/// <summary>A row of <c>conversations</c>.</summary>
/// <param name="Id">Its id.</param>
/// <param name="OwnerId">The user it belongs to; null when a machine made it for nobody.</param>
/// <param name="Title">At most 255 characters.</param>
/// <param name="Metadata">A JSON object as text, as it was sent.</param>
/// <param name="Status">Free text of the clients; <c>pending</c> at first.</param>
/// <param name="OnBusy">What a send does while a run is active.</param>
/// <param name="LastSeq">The head of its log; 0 while it is empty.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="UpdatedAt">UTC, of the latest event.</param>
public sealed record ConversationRow(
    Guid Id,
    Guid? OwnerId,
    string? Title,
    string? Metadata,
    string Status,
    string OnBusy,
    long LastSeq,
    DateTime CreatedAt,
    DateTime UpdatedAt);
