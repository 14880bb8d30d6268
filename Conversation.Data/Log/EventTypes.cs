namespace Conversation.Data.Log;

/// <summary>The types of durable events: the names that the log stores and the v2 dialect sends.</summary>
public static class EventTypes
{
    /// <summary>Title, metadata, status or on_busy changed.</summary>
    public const string ConversationUpdated = "conversation.updated";

    /// <summary>The conversation is gone; followers end.</summary>
    public const string ConversationDeleted = "conversation.deleted";

    /// <summary>A client wrote a message.</summary>
    public const string MessageCreated = "message.created";

    /// <summary>A message was edited.</summary>
    public const string MessageUpdated = "message.updated";

    /// <summary>A message was deleted.</summary>
    public const string MessageDeleted = "message.deleted";

    /// <summary>A run began to write a message; its text follows as ranges.</summary>
    public const string MessageStarted = "message.started";

    /// <summary>The text is whole.</summary>
    public const string MessageCompleted = "message.completed";

    /// <summary>The text ends here, early.</summary>
    public const string MessageInterrupted = "message.interrupted";

    /// <summary>A later answer replaces the message.</summary>
    public const string MessageSuperseded = "message.superseded";

    /// <summary>A run waits; <c>data.waits</c> is true unless it starts in the same breath.</summary>
    public const string RunQueued = "run.queued";

    /// <summary>A node began to work on a run.</summary>
    public const string RunStarted = "run.started";

    /// <summary>A remark of the run for the reader: <c>data.level</c> and <c>data.code</c>.</summary>
    public const string RunNotice = "run.notice";

    /// <summary>The run ended with its whole answer.</summary>
    public const string RunCompleted = "run.completed";

    /// <summary>The run ended without it.</summary>
    public const string RunFailed = "run.failed";

    /// <summary>The run is asked to stop.</summary>
    public const string RunCancelling = "run.cancelling";

    /// <summary>The run stopped because someone asked.</summary>
    public const string RunCancelled = "run.cancelled";

    /// <summary>The agent began to use a tool.</summary>
    public const string ToolStarted = "tool.started";

    /// <summary>The tool answered.</summary>
    public const string ToolCompleted = "tool.completed";
}
