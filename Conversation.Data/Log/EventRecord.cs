using Conversation.Data.Messages;
using Conversation.Data.Runs;

namespace Conversation.Data.Log;

/// <summary>The flat row of <see cref="EventRepository"/>'s statement.</summary>
internal sealed class EventRecord
{
    public Guid ConversationId { get; set; }

    public long Seq { get; set; }

    public string Type { get; set; } = "";

    public DateTime At { get; set; }

    public string? Data { get; set; }

    public Guid? RunId { get; set; }

    public Guid? MessageId { get; set; }

    public long? MessageSeq { get; set; }

    public string? MessageRole { get; set; }

    public string? MessageContent { get; set; }

    public string? MessageMetadata { get; set; }

    public string? MessageStatus { get; set; }

    public string? MessageFinishReason { get; set; }

    public Guid? MessageRunId { get; set; }

    public int? MessageAttempt { get; set; }

    public int? MessageKeep { get; set; }

    public DateTime? MessageCreatedAt { get; set; }

    public DateTime? MessageUpdatedAt { get; set; }

    public bool MessageDeleted { get; set; }

    public Guid? RunTriggerMessageId { get; set; }

    public Guid? RunAssistantMessageId { get; set; }

    public string? RunRuntime { get; set; }

    public string? RunAgent { get; set; }

    public string? RunStatus { get; set; }

    public int? RunAttempt { get; set; }

    public string? RunCancelOutcome { get; set; }

    public string? RunErrorCode { get; set; }

    public string? RunErrorDetail { get; set; }

    public string? RunUsage { get; set; }

    public DateTime? RunQueuedAt { get; set; }

    public DateTime? RunStartedAt { get; set; }

    public DateTime? RunFinishedAt { get; set; }

    public EventRow ToEvent() => new()
    {
        ConversationId = ConversationId,
        Seq = Seq,
        Type = Type,
        At = At,
        Data = Data,
        RunId = RunId,
        Message = MessageId is { } message ? ToMessage(message) : null,
        Run = RunId is { } run && RunStatus is not null ? ToRun(run) : null,
    };

    private MessageRow ToMessage(Guid id) => new(
        id,
        ConversationId,
        MessageSeq ?? Seq,
        MessageRole ?? "",
        MessageContent ?? "",
        MessageMetadata,
        MessageStatus ?? "",
        MessageFinishReason,
        MessageRunId,
        MessageCreatedAt ?? At,
        MessageUpdatedAt ?? At)
    {
        Attempt = MessageAttempt ?? 1,
        Keep = MessageKeep ?? 0,
        Deleted = MessageDeleted,
    };

    private RunRow ToRun(Guid id) => new(
        id,
        ConversationId,
        RunTriggerMessageId ?? Guid.Empty,
        RunAssistantMessageId,
        RunRuntime ?? "",
        RunAgent,
        RunStatus ?? "",
        RunAttempt ?? 0,
        RunCancelOutcome,
        RunErrorCode,
        RunErrorDetail,
        RunUsage,
        RunQueuedAt ?? At,
        RunStartedAt,
        RunFinishedAt);
}
