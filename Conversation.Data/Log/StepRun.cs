namespace Conversation.Data.Log;

/// <summary>
/// One step of a run: its events, and in the same commit the message that it starts or ends and the run's new state. Fenced: where
/// the run is no longer at this attempt, or no longer active, nothing matches.
/// </summary>
public sealed record StepRun : LogWrite<Changed>
{
    /// <summary>Which run.</summary>
    public required Guid RunId { get; init; }

    /// <summary>The fence: what the claim answered.</summary>
    public required int Attempt { get; init; }

    /// <summary>The events of this step, in order; at least one.</summary>
    public required IReadOnlyList<RunEvent> Events { get; init; }

    /// <summary>What happens to the answer, null for nothing.</summary>
    public AnswerChange? Answer { get; init; }

    /// <summary>The run's new state, null to go on. <see cref="Runs.RunStatus.Queued"/> gives it back to the queue.</summary>
    public string? Status { get; init; }

    /// <summary>Why it failed.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>The same for a person, free of secrets.</summary>
    public string? ErrorDetail { get; init; }

    /// <summary>What the runtime needs to continue; null leaves it.</summary>
    public string? ResumeToken { get; init; }

    /// <summary>What a cancel achieved; counts only where the run ends as cancelled.</summary>
    public string? CancelOutcome { get; init; }

    /// <summary>Tokens and the like, JSON as text; null leaves it.</summary>
    public string? Usage { get; init; }

    /// <summary>True for the sweeper: only a run whose lease has run out matches.</summary>
    public bool OnlyExpired { get; init; }

    internal override LogItem<Changed> ToItem() => new LogItem<StepRun, Changed>(this, StepRunStatement.Instance)
    {
        RunId = RunId,
        ConflictKey = (typeof(StepRun), RunId),
    };
}

/// <summary>One event of a step.</summary>
/// <param name="Type">One of <see cref="EventTypes"/>.</param>
/// <param name="Data">JSON as text.</param>
/// <param name="OfMessage">True where it tells of the answer.</param>
public sealed record RunEvent(string Type, string? Data = null, bool OfMessage = false);

/// <summary>What a step does to the run's answer.</summary>
/// <param name="MessageId">The answer.</param>
/// <param name="Status">Its state after the step, one of <see cref="Messages.MessageStatus"/>.</param>
/// <param name="Starts">True when the message begins with this step.</param>
/// <param name="Content">Its final text; null at the start of one that is still to be generated.</param>
/// <param name="FinishReason">Why it ended.</param>
/// <param name="Metadata">At the start: a JSON object as text.</param>
/// <param name="Keep">
/// Where the final text differs from what was shown: how many UTF-16 code units of it stay. The message then has a new attempt.
/// </param>
public sealed record AnswerChange(
    Guid MessageId,
    string Status,
    bool Starts = false,
    string? Content = null,
    string? FinishReason = null,
    string? Metadata = null,
    int? Keep = null);
