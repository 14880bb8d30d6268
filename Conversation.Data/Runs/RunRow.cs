namespace Conversation.Data.Runs;

/// <summary>A row of <c>runs</c>, without its lease.</summary>
/// <param name="Id">Its id.</param>
/// <param name="ConversationId">Where it answers.</param>
/// <param name="TriggerMessageId">The message it answers.</param>
/// <param name="AssistantMessageId">Its answer, once there is one.</param>
/// <param name="Runtime">What runs the agent.</param>
/// <param name="Agent">Which agent, where the runtime has several.</param>
/// <param name="Status">One of <see cref="RunStatus"/>.</param>
/// <param name="Attempt">How often it was claimed; every write of a run is fenced by it.</param>
/// <param name="CancelOutcome">What a cancel achieved.</param>
/// <param name="ErrorCode">Why it failed.</param>
/// <param name="ErrorDetail">The same for a person, free of secrets.</param>
/// <param name="Usage">Tokens and the like, JSON as text.</param>
/// <param name="QueuedAt">UTC.</param>
/// <param name="StartedAt">UTC, of the first claim.</param>
/// <param name="FinishedAt">UTC.</param>
public sealed record RunRow(
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
    string? Usage,
    DateTime QueuedAt,
    DateTime? StartedAt,
    DateTime? FinishedAt);
