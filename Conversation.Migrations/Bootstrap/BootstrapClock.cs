namespace Conversation.Migrations.Bootstrap;

/// <summary>How long bootstrap may still take, and its pauses.</summary>
internal sealed class BootstrapClock(TimeProvider time, TimeSpan limit)
{
    private readonly long _start = time.GetTimestamp();

    public TimeSpan Left => limit - time.GetElapsedTime(_start);

    /// <summary>Waits, unless the time would be over before the wait is.</summary>
    /// <returns>False when there is no time left.</returns>
    public async Task<bool> PauseAsync(TimeSpan pause, CancellationToken token)
    {
        if (pause >= Left)
        {
            return false;
        }

        await Task.Delay(pause, time, token);
        return true;
    }
}
