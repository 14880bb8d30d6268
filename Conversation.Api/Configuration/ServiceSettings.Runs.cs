using System.ComponentModel.DataAnnotations;

namespace Conversation.Api.Configuration;

/// <content>How runs behave.</content>
internal sealed partial record ServiceSettings
{
    /// <summary>The pause of the simulated runtime between two pieces of text, in milliseconds. Default 30; 0 for none.</summary>
    [Variable("CONVERSATION_SERVICE_SIMULATED_PACE_MS")]
    [Range(0, 60_000)]
    public int SimulatedPaceMs { get; init; } = 30;

    /// <summary>
    /// The least time between two ranges of a message's text, in milliseconds; the first is never delayed. Default 25; 0 for each piece as
    /// it comes.
    /// </summary>
    [Variable("CONVERSATION_SERVICE_ROLL_UP_MS")]
    [Range(0, 60_000)]
    public int RollUpMs { get; init; } = 25;

    /// <summary>How long a stopping service lets its runs go on, in seconds. Default 20; 0 hands them over at once.</summary>
    [Variable("CONVERSATION_SERVICE_DRAIN_SECONDS")]
    [Range(0, 24 * 60 * 60)]
    public int DrainSeconds { get; init; } = 20;

    /// <summary>How many runs one node begins; those it takes over from one that is gone come on top. Default 1000.</summary>
    [Variable("CONVERSATION_SERVICE_RUN_CONCURRENCY")]
    [Range(1, int.MaxValue)]
    public int RunConcurrency { get; init; } = 1000;

    /// <summary>How many runs may wait in the whole service; beyond it sends are refused with 429. Default 10000.</summary>
    [Variable("CONVERSATION_SERVICE_RUN_QUEUE_DEPTH")]
    [Range(1, int.MaxValue)]
    public int RunQueueDepth { get; init; } = 10_000;

    /// <summary>How long an agent may be silent before its run fails, in seconds. Default 300.</summary>
    [Variable("CONVERSATION_SERVICE_RUN_IDLE_SECONDS")]
    [Range(1, 30 * 24 * 60 * 60)]
    public int RunIdleSeconds { get; init; } = 300;

    /// <summary>How long a run may take in all, in seconds. Default 1800.</summary>
    [Variable("CONVERSATION_SERVICE_RUN_SECONDS")]
    [Range(1, 30 * 24 * 60 * 60)]
    public int RunSeconds { get; init; } = 1800;

    /// <summary>The longest answer, in UTF-16 code units; a longer one ends there. Default 8388608.</summary>
    [Variable("CONVERSATION_SERVICE_MAX_ANSWER_CHARS")]
    [Range(1, 64 * 1024 * 1024)]
    public int MaxAnswerChars { get; init; } = 8 * 1024 * 1024;
}
