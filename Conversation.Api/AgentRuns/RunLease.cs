namespace Conversation.Api.AgentRuns;

/// <summary>Why a run stops before its end.</summary>
internal enum StopReason
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>Another node may have it by now: nothing more is written, shown or ended here.</summary>
    LeaseLost,

    /// <summary>This process stops and gives the run back.</summary>
    Handover,

    /// <summary>Someone asked.</summary>
    Cancelled,
}

/// <summary>The right of this node to work on a run, for as long as it is renewed in time.</summary>
internal sealed class RunLease
{
    /// <summary>Shorter than the database's 6 s, so that this node is silent before another may speak.</summary>
    private static readonly TimeSpan Confidence = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    // Never disposed: it has no timer, and whoever renews may look at a lease that has just ended.
    private readonly CancellationTokenSource _stop = new();
    private long _renewedAt;

    public RunLease(Guid conversationId, Guid runId, int attempt, TimeProvider time)
    {
        ConversationId = conversationId;
        RunId = runId;
        Attempt = attempt;
        _time = time;
        _renewedAt = time.GetTimestamp();
    }

    public Guid ConversationId { get; }

    public Guid RunId { get; }

    public int Attempt { get; }

    public StopReason Reason { get; private set; }

    public CancellationToken Token => _stop.Token;

    /// <summary>Whether text may still be shown.</summary>
    public bool IsHeld => _time.GetElapsedTime(Volatile.Read(ref _renewedAt)) < Confidence;

    /// <summary>Renewed; counted from before the question was sent, because the answer may have been long on its way.</summary>
    public void Renewed(long askedAt) => Volatile.Write(ref _renewedAt, askedAt);

    public void Stop(StopReason reason)
    {
        if (Reason == StopReason.None)
        {
            Reason = reason;
            _stop.Cancel();
        }
    }
}
