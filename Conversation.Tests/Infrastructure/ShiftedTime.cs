using System.Collections.Concurrent;

namespace Conversation.Tests.Infrastructure;

/// <summary>The system's clock, set forward by the test: timers that are due by then fire at once.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    private readonly ConcurrentDictionary<ShiftedTimer, bool> _timers = new();
    private long _shift;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Volatile.Read(ref _shift));

    public override long GetTimestamp() => System.GetElapsedTime(0).Ticks + Volatile.Read(ref _shift);

    public void Forward(TimeSpan by)
    {
        Interlocked.Add(ref _shift, by.Ticks);
        foreach (var timer in _timers.Keys)
        {
            timer.Forward(by);
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ShiftedTimer(this, callback, state);
        _timers[timer] = true;
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class ShiftedTimer : ITimer
    {
        private readonly ShiftedTime _time;
        private readonly ITimer _timer;
        private readonly Lock _lock = new();

        /// <summary>When it fires next, by the system's clock; null where it does not.</summary>
        private TimeSpan? _due;
        private TimeSpan _period;

        public ShiftedTimer(ShiftedTime time, TimerCallback callback, object? state)
        {
            _time = time;
            _timer = System.CreateTimer(
                _ =>
                {
                    Fired();
                    callback(state);
                },
                null,
                Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan);
        }

        private static TimeSpan Now => System.GetElapsedTime(0);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_lock)
            {
                _due = dueTime == Timeout.InfiniteTimeSpan ? null : Now + dueTime;
                _period = period;
                return _timer.Change(dueTime, period);
            }
        }

        public void Forward(TimeSpan by)
        {
            lock (_lock)
            {
                if (_due is { } due)
                {
                    _due = due - by;
                    _timer.Change(_due > Now ? _due.Value - Now : TimeSpan.Zero, _period);
                }
            }
        }

        public void Dispose()
        {
            _time._timers.TryRemove(this, out _);
            _timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fired()
        {
            lock (_lock)
            {
                _due = _period > TimeSpan.Zero ? Now + _period : null;
            }
        }
    }
}
