using System.ComponentModel.DataAnnotations;

namespace Conversation.Api.Configuration;

/// <content>How the service stops, and what it tidies up.</content>
internal sealed partial record ServiceSettings
{
    /// <summary>
    /// How long a node that was told to stop goes on serving while /health/ready already refuses, so that balancers that look there
    /// pass it over, in seconds. Default 0.
    /// </summary>
    [Variable("CONVERSATION_SERVICE_STOP_DELAY_SECONDS")]
    [Range(0, 24 * 60 * 60)]
    public int StopDelaySeconds { get; init; }

    /// <summary>
    /// Over how long a stopping node sends its followers elsewhere, in random order, and the longest pause that it asks of them, in
    /// milliseconds. Default 2000.
    /// </summary>
    [Variable("CONVERSATION_SERVICE_RECONNECT_JITTER_MS")]
    [Range(0, 60 * 60 * 1000)]
    public int ReconnectJitterMs { get; init; } = 2000;

    /// <summary>How long a send is recognised by its Idempotency-Key, in hours. Default 48.</summary>
    [Variable("CONVERSATION_SERVICE_IDEMPOTENCY_HOURS")]
    [Range(1, 10 * 365 * 24)]
    public int IdempotencyHours { get; init; } = 48;

    /// <summary>How long the rows of a deleted conversation are kept, out of everyone's reach, in hours. Default 24; 0 for not at all.</summary>
    [Variable("CONVERSATION_SERVICE_DELETED_HOURS")]
    [Range(0, 10 * 365 * 24)]
    public int DeletedHours { get; init; } = 24;
}
