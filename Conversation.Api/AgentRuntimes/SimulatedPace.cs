namespace Conversation.Api.AgentRuntimes;

/// <summary>
/// When each piece is said. A listener that was slow to ask for the next one finds it said already, as a real runtime's would be: neither
/// does it slow the answer down, nor does its delay count from later than it began.
/// </summary>
internal sealed class SimulatedPace(TimeSpan step, TimeProvider time)
{
    private long _last = time.GetTimestamp();

    /// <summary>Waits until it is time, and gives that time's timestamp.</summary>
    public async ValueTask<long> NextAsync(CancellationToken token)
    {
        if (step <= TimeSpan.Zero)
        {
            return time.GetTimestamp();
        }

        var due = _last + (long)(step.TotalSeconds * time.TimestampFrequency);
        var rest = time.GetElapsedTime(time.GetTimestamp(), due);
        if (rest > TimeSpan.Zero)
        {
            await Task.Delay(rest, time, token);
            // The timer's own lateness is nobody's.
            _last = due;
            return time.GetTimestamp();
        }

        _last = due;
        return due;
    }
}
