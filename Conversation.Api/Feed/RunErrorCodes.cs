namespace Conversation.Api.Feed;

/// <summary>Why a run failed, in words that programs know.</summary>
internal static class RunErrorCodes
{
    /// <summary>The runtime reported a fault.</summary>
    public const string Error = "error";

    /// <summary>The runtime took too long.</summary>
    public const string Timeout = "timeout";

    /// <summary>The process that ran it died; what it had written is kept.</summary>
    public const string WorkerLost = "worker_lost";
}
