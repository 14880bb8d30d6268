namespace Conversation.Api.AgentRuns;

/// <summary>Why a run stops before its end.</summary>
internal enum StopReason
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>Another node may have it by now: nothing more is written, shown or ended here.</summary>
    LeaseLost,

    /// <summary>Its conversation was deleted, and the run ended with it: nobody wants the answer.</summary>
    Ended,

    /// <summary>This process stops and gives the run back.</summary>
    Handover,

    /// <summary>Someone asked.</summary>
    Cancelled,

    /// <summary>The runtime was silent, or busy, for too long.</summary>
    TimedOut,
}

/// <summary>The right of this node to work on a run, for as long as it is renewed in time.</summary>
internal sealed class RunLease
{
    /// <summary>Shorter than the database's 6 s, so that this node is silent before another may speak.</summary>
    private static readonly TimeSpan Confidence = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    // Never disposed: it has no timer, and whoever renews may look at a lease that has just ended.
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _begunAt;
    private int _reason;
    private long _renewedAt;
    private long _heardAt;

    /// <param name="conversationId">Where.</param>
    /// <param name="runId">Which run.</param>
    /// <param name="attempt">Its fence.</param>
    /// <param name="askedAt">When the claim was sent, by the monotonic clock: its answer may have been long on its way.</param>
    /// <param name="time">The clock.</param>
    public RunLease(Guid conversationId, Guid runId, int attempt, long askedAt, TimeProvider time)
    {
        ConversationId = conversationId;
        RunId = runId;
        Attempt = attempt;
        _time = time;
        _renewedAt = askedAt;
        _begunAt = _heardAt = time.GetTimestamp();
    }

    public Guid ConversationId { get; }

    public Guid RunId { get; }

    public int Attempt { get; }

    public StopReason Reason => (StopReason)Volatile.Read(ref _reason);

    /// <summary>Cancelled when the runtime is to stop.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>The same, to wait for.</summary>
    public Task Stopped => _stopped.Task;

    /// <summary>Whether text may still be shown.</summary>
    public bool IsHeld => _time.GetElapsedTime(Volatile.Read(ref _renewedAt)) < Confidence;

    /// <summary>
    /// Whether the runtime has said nothing, or has been at work, for too long. While nobody can renew, it is the database that is waited
    /// for, and not the runtime.
    /// </summary>
    /// <param name="silence">How long it may say nothing.</param>
    /// <param name="age">How long it may take in all.</param>
    public bool IsLate(TimeSpan silence, TimeSpan age) =>
        IsHeld && (_time.GetElapsedTime(Volatile.Read(ref _heardAt)) > silence || _time.GetElapsedTime(_begunAt) > age);

    /// <summary>Renewed; counted from before the question was sent, because the answer may have been long on its way.</summary>
    public void Renewed(long askedAt)
    {
        if (!IsHeld)
        {
            // What the runtime said meanwhile could not be taken from it.
            Heard();
        }

        Volatile.Write(ref _renewedAt, askedAt);
    }

    /// <summary>The runtime said something.</summary>
    public void Heard() => Volatile.Write(ref _heardAt, _time.GetTimestamp());

    /// <summary>This process, or the database, stood still: nobody could have been heard meanwhile.</summary>
    /// <param name="pause">How long.</param>
    public void Excuse(TimeSpan pause)
    {
        var heardAt = Volatile.Read(ref _heardAt) + (long)(pause.TotalSeconds * _time.TimestampFrequency);
        Volatile.Write(ref _heardAt, Math.Min(heardAt, _time.GetTimestamp()));
    }

    /// <summary>Asks the runtime to stop. The first reason counts.</summary>
    public void Stop(StopReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, (int)reason, (int)StopReason.None) == (int)StopReason.None)
        {
            _stopped.TrySetResult();
            // Not here: whoever stops one run, and may be renewing all the others, neither waits for its runtime nor fails with it.
            _ = _stop.CancelAsync();
        }
    }
}
