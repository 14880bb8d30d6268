using Conversation.Data.Conversations;

namespace Conversation.Api.Wire;

/// <summary>A conversation as every door sends it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Title">At most 255 characters.</param>
/// <param name="OwnerId">The user it belongs to.</param>
/// <param name="MetadataJson">The clients' own object.</param>
/// <param name="Metadata">The same again, for legacy readers.</param>
/// <param name="Status">The clients' own text; <c>pending</c> at first.</param>
/// <param name="OnBusy">What a send does while a run is active.</param>
/// <param name="LastSeq">The head of its log.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="UpdatedAt">UTC, of the latest change or message.</param>
public sealed record ConversationBody(
    Guid Id,
    string? Title,
    Guid? OwnerId,
    RawJson? MetadataJson,
    RawJson? Metadata,
    string Status,
    string OnBusy,
    long LastSeq,
    DateTime CreatedAt,
    DateTime UpdatedAt)
{
    internal static ConversationBody From(ConversationRow row) => new(
        row.Id,
        row.Title,
        row.OwnerId,
        RawJson.From(row.Metadata),
        RawJson.From(row.Metadata),
        row.Status,
        row.OnBusy,
        row.LastSeq,
        row.CreatedAt,
        row.UpdatedAt);
}
