namespace Conversation.Data.Runs;

/// <summary>What asking a run to stop achieved.</summary>
public static class CancelOutcome
{
    /// <summary>The agent has stopped.</summary>
    public const string Confirmed = "confirmed";

    /// <summary>The agent was told, or cut off; whether it has stopped is not known.</summary>
    public const string Unconfirmed = "unconfirmed";

    /// <summary>The agent cannot be stopped; its answer is no longer listened to.</summary>
    public const string Unsupported = "unsupported";
}
