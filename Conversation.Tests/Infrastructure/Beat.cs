using System.Collections.Concurrent;
using System.Diagnostics;

namespace Conversation.Tests.Infrastructure;

/// <summary>
/// A beat beside what is measured. Where it comes late this machine stood still, and what was measured took that much longer for no fault of
/// the service.
/// </summary>
internal sealed class Beat : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    /// <summary>Any timer may be late by less.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentQueue<(TimeSpan From, TimeSpan To)> _stalls = new();
    private readonly CancellationTokenSource _over = new();
    private readonly Stopwatch _clock;
    private readonly Task _beating;

    /// <param name="clock">By which stalls are noted.</param>
    public Beat(Stopwatch clock)
    {
        _clock = clock;
        _beating = BeatAsync();
    }

    /// <summary>The longest time between two moments in which this machine did nothing; zero where there was none.</summary>
    public TimeSpan LongestStall(TimeSpan from, TimeSpan to) => _stalls
        .Where(stall => stall.From < to && stall.To > from)
        .Select(stall => stall.To - stall.From)
        .DefaultIfEmpty()
        .Max();

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await ((Task)_beating).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
    }

    private async Task BeatAsync()
    {
        for (var last = _clock.Elapsed; ;)
        {
            await Task.Delay(Step, TimeProvider.System, _over.Token);
            var now = _clock.Elapsed;
            if (now - last - Step > Least)
            {
                _stalls.Enqueue((last + Step, now));
            }

            last = now;
        }
    }
}
