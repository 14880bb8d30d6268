namespace Conversation.Data.Runs;

/// <summary>The states of a run.</summary>
public static class RunStatus
{
    /// <summary>Waits for its turn in the conversation, or for a node.</summary>
    public const string Queued = "queued";

    /// <summary>A node works on it.</summary>
    public const string Running = "running";

    /// <summary>Asked to stop, not stopped yet.</summary>
    public const string Cancelling = "cancelling";

    /// <summary>Ended with its whole answer.</summary>
    public const string Completed = "completed";

    /// <summary>Ended without its whole answer; <c>error_code</c> says why.</summary>
    public const string Failed = "failed";

    /// <summary>Ended because someone asked.</summary>
    public const string Cancelled = "cancelled";
}
