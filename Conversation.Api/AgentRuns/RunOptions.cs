namespace Conversation.Api.AgentRuns;

/// <summary>The bounds of this node's runs.</summary>
internal sealed record RunOptions
{
    /// <summary>Runs at once that this node begins; those it takes over from one that is gone come on top. Default 1000.</summary>
    public int Concurrency { get; init; } = 1000;

    /// <summary>Runs that wait in the whole service; beyond it a send is refused with 429. Default 10,000.</summary>
    public int QueueDepth { get; init; } = 10_000;

    /// <summary>The least time between two ranges of a message's text; the first is never delayed. Default 25 ms.</summary>
    public TimeSpan RollUp { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>How long a runtime may be silent before the run fails. Default 5 min.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a run may take in all. Default 30 min.</summary>
    public TimeSpan TotalTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>The longest answer, in UTF-16 code units; a longer one ends there with the finish reason <c>length</c>. Default 8 Mi.</summary>
    public int LongestAnswer { get; init; } = 8 * 1024 * 1024;

    /// <summary>How long a runtime may take to stop when asked; then it is no longer listened to. Default 4 s.</summary>
    public TimeSpan StopPatience { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How often a run is begun before it is given up as one that kills its nodes. Default 5.</summary>
    public int MostAttempts { get; init; } = 5;

    /// <summary>How long a stopping node lets its runs go on. Default 20 s.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long handing over what is left may take. Default 3 s.</summary>
    public TimeSpan Handover { get; init; } = TimeSpan.FromSeconds(3);
}
