using Conversation.Data.Messages;

namespace Conversation.Api.Wire;

/// <summary>A message as every door sends it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="ConversationId">Where it stands.</param>
/// <param name="Seq">Its place: messages are ordered by it.</param>
/// <param name="Role"><c>user</c>, <c>assistant</c> or <c>system</c>.</param>
/// <param name="Content">The text; while streaming, the text so far.</param>
/// <param name="MetadataJson">The clients' own object.</param>
/// <param name="Metadata">The same again, for legacy readers.</param>
/// <param name="Status"><c>stored</c>, <c>streaming</c>, <c>completed</c>, <c>interrupted</c> or <c>superseded</c>.</param>
/// <param name="FinishReason">Why an answer ended: <c>stop</c>, <c>length</c>, <c>cancelled</c>, or the error code of its run; else null.</param>
/// <param name="RunId">The run that it triggered, or that produced it.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="UpdatedAt">UTC.</param>
public sealed record MessageBody(
    Guid Id,
    Guid ConversationId,
    long Seq,
    string Role,
    string Content,
    RawJson? MetadataJson,
    RawJson? Metadata,
    string Status,
    string? FinishReason,
    Guid? RunId,
    DateTime CreatedAt,
    DateTime UpdatedAt)
{
    internal static MessageBody From(MessageRow row) => new(
        row.Id,
        row.ConversationId,
        row.Seq,
        row.Role,
        row.Content,
        RawJson.From(row.Metadata),
        RawJson.From(row.Metadata),
        row.Status,
        row.FinishReason,
        row.RunId,
        row.CreatedAt,
        row.UpdatedAt);
}
