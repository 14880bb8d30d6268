namespace Conversation.Api.Configuration;

/// <content>How runs behave.</content>
internal sealed partial record ServiceSettings
{
    /// <summary>The pause of the simulated runtime between two pieces of text, in milliseconds. Default 30.</summary>
    [Variable("CONVERSATION_SERVICE_SIMULATED_PACE_MS")]
    public int SimulatedPaceMs { get; init; } = 30;

    /// <summary>The least time between two ranges of a message's text, in milliseconds; the first is never delayed. Default 25.</summary>
    [Variable("CONVERSATION_SERVICE_ROLL_UP_MS")]
    public int RollUpMs { get; init; } = 25;

    /// <summary>How long a stopping service lets its runs go on, in seconds. Default 20.</summary>
    [Variable("CONVERSATION_SERVICE_DRAIN_SECONDS")]
    public int DrainSeconds { get; init; } = 20;
}
