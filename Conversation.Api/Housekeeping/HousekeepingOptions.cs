namespace Conversation.Api.Housekeeping;

/// <summary>What is tidied up, and how gently.</summary>
internal sealed record HousekeepingOptions
{
    /// <summary>How long a send is recognised by its key, in hours. Default 48.</summary>
    public int IdempotencyHours { get; init; } = 48;

    /// <summary>How long rows of deleted conversations are kept, in hours. Default 24.</summary>
    public int DeletedHours { get; init; } = 24;

    /// <summary>Rows of one table that one statement deletes at the most: some milliseconds. Default 1000.</summary>
    public int BatchSize { get; init; } = 1000;

    /// <summary>The pause between two rounds. Default one minute.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The pause between two batches of a round, so that the service goes first. Default 50 ms.</summary>
    public TimeSpan Breath { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The pause between two looks at queues and tables. Default 5 s.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(5);
}
