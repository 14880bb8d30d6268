using Conversation.Data.Runs;

namespace Conversation.Api.Wire;

/// <summary>A run as every door sends it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="ConversationId">Where it answers.</param>
/// <param name="TriggerMessageId">The message it answers.</param>
/// <param name="AssistantMessageId">Its answer, once there is one.</param>
/// <param name="Runtime">What runs the agent.</param>
/// <param name="Agent">Which agent, where the runtime has several.</param>
/// <param name="Status"><c>queued</c>, <c>running</c>, <c>cancelling</c>, <c>completed</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="Attempt">How often a node took it up.</param>
/// <param name="CancelOutcome">What a cancel achieved: <c>confirmed</c>, <c>unconfirmed</c> or <c>unsupported</c>; null without one.</param>
/// <param name="ErrorCode">
/// Why it failed: <c>error</c>, <c>timeout</c>, <c>worker_lost</c>, <c>unknown_runtime</c>, or a code of the runtime; the protocol lists them.
/// </param>
/// <param name="ErrorDetail">The same for a person.</param>
/// <param name="Usage">Tokens and the like.</param>
/// <param name="QueuedAt">UTC.</param>
/// <param name="StartedAt">UTC.</param>
/// <param name="FinishedAt">UTC.</param>
public sealed record RunBody(
    Guid Id,
    Guid ConversationId,
    Guid TriggerMessageId,
    Guid? AssistantMessageId,
    string Runtime,
    string? Agent,
    string Status,
    int Attempt,
    string? CancelOutcome,
    string? ErrorCode,
    string? ErrorDetail,
    RawJson? Usage,
    DateTime QueuedAt,
    DateTime? StartedAt,
    DateTime? FinishedAt)
{
    internal static RunBody From(RunRow row) => new(
        row.Id,
        row.ConversationId,
        row.TriggerMessageId,
        row.AssistantMessageId,
        row.Runtime,
        row.Agent,
        row.Status,
        row.Attempt,
        row.CancelOutcome,
        row.ErrorCode,
        row.ErrorDetail,
        RawJson.From(row.Usage),
        row.QueuedAt,
        row.StartedAt,
        row.FinishedAt);
}
