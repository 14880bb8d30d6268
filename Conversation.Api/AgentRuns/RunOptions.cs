namespace Conversation.Api.AgentRuns;

/// <summary>The bounds of this node's runs.</summary>
internal sealed record RunOptions
{
    /// <summary>Runs at once on this node. Default 1000.</summary>
    public int Concurrency { get; init; } = 1000;

    /// <summary>The least time between two ranges of a message's text; the first is never delayed. Default 25 ms.</summary>
    public TimeSpan RollUp { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>How long a stopping node lets its runs go on. Default 20 s.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long handing over what is left may take. Default 3 s.</summary>
    public TimeSpan Handover { get; init; } = TimeSpan.FromSeconds(3);
}
