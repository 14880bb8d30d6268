namespace Conversation.Tests.Infrastructure;

/// <summary>The system's clock, with its timers, set forward by the test.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    private long _shift;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Volatile.Read(ref _shift));

    public override long GetTimestamp() => System.GetElapsedTime(0).Ticks + Volatile.Read(ref _shift);

    public void Forward(TimeSpan by) => Interlocked.Add(ref _shift, by.Ticks);
}
