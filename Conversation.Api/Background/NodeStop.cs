namespace Conversation.Api.Background;

/// <summary>
/// How this node leaves: readiness first, then its streams one after the other in random order, so that their clients do not all come
/// to the next node at the same moment, and only then the rest of the service.
/// </summary>
internal sealed partial class NodeStop : IDisposable
{
    /// <summary>A client that was told takes a round trip to go; one that does not is cut off with the rest.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    /// <summary>In milliseconds: without it a client that is told at once would come back before this node has closed its side.</summary>
    private const int LeastReconnectAfter = 50;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    private readonly IHostApplicationLifetime _lifetime;
    private readonly NodeStopOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<NodeStop> _logger;
    private readonly CancellationTokenRegistration _stopping;
    private readonly HashSet<OpenStream> _streams = [];
    private readonly Lock _gate = new();
    private TaskCompletionSource? _empty;
    private long _stoppedAt;
    private long _leftAt;

    public NodeStop(IHostApplicationLifetime lifetime, NodeStopOptions options, TimeProvider time, ILogger<NodeStop> logger)
    {
        _lifetime = lifetime;
        _options = options;
        _time = time;
        _logger = logger;
        _stopping = lifetime.ApplicationStopping.UnsafeRegister(static stop => ((NodeStop)stop!).EndAll(), this);
    }

    /// <summary>True from the moment that the node was told to stop.</summary>
    public bool IsStopping => Volatile.Read(ref _stoppedAt) != 0;

    /// <summary>How long a client that is sent away shall wait before it comes back, in milliseconds: another value at each call.</summary>
    public int NextReconnectAfter() => LeastReconnectAfter + Random.Shared.Next(_options.JitterMilliseconds + 1);

    /// <summary>What is left of a time that begins when the node goes: what it serves on for before that takes nothing of it.</summary>
    public TimeSpan Remaining(TimeSpan whole)
    {
        var at = Volatile.Read(ref _leftAt);
        var left = at == 0 ? whole : whole - _time.GetElapsedTime(at);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>A stream that is to be told when the node leaves. Dispose it when it has ended.</summary>
    public OpenStream Open()
    {
        var stream = new OpenStream(this);
        lock (_gate)
        {
            _streams.Add(stream);
        }

        if (_lifetime.ApplicationStopping.IsCancellationRequested)
        {
            stream.Leave();
        }

        return stream;
    }

    /// <summary>Leaves in order. A second call, or the service's own stop, makes it short.</summary>
    public async Task LeaveAsync()
    {
        if (!Stamp(ref _stoppedAt))
        {
            _lifetime.StopApplication();
            return;
        }

        try
        {
            Log.Leaving(_logger, _options.Delay.TotalSeconds);
            await Task.Delay(_options.Delay, _time, _lifetime.ApplicationStopping);
            Stamp(ref _leftAt);
            await SendAwayAsync(_lifetime.ApplicationStopping);
        }
        catch (OperationCanceledException) when (_lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Told again.
        }
        finally
        {
            _lifetime.StopApplication();
        }
    }

    public void Dispose() => _stopping.Dispose();

    private async Task SendAwayAsync(CancellationToken token)
    {
        var streams = Streams();
        Random.Shared.Shuffle(streams);
        var begun = _time.GetTimestamp();
        for (var i = 0; i < streams.Length; i++)
        {
            var due = TimeSpan.FromMilliseconds((double)_options.JitterMilliseconds * i / streams.Length);
            var early = due - _time.GetElapsedTime(begun);
            if (early > Step)
            {
                await Task.Delay(early, _time, token);
            }

            streams[i].Leave();
        }

        Log.SentAway(_logger, streams.Length);
        await AllEndedAsync(token);
    }

    private async Task AllEndedAsync(CancellationToken token)
    {
        Task empty;
        lock (_gate)
        {
            if (_streams.Count == 0)
            {
                return;
            }

            empty = (_empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        try
        {
            await empty.WaitAsync(Farewell, _time, token);
        }
        catch (TimeoutException)
        {
            // They are cut off with the rest.
        }
    }

    private void EndAll()
    {
        Stamp(ref _stoppedAt);
        Stamp(ref _leftAt);
        foreach (var stream in Streams())
        {
            stream.Leave();
        }
    }

    /// <returns>False where it had been stamped before.</returns>
    private bool Stamp(ref long at) => Interlocked.CompareExchange(ref at, _time.GetTimestamp(), 0) == 0;

    private OpenStream[] Streams()
    {
        lock (_gate)
        {
            return [.. _streams];
        }
    }

    internal void Forget(OpenStream stream)
    {
        lock (_gate)
        {
            if (_streams.Remove(stream) && _streams.Count == 0)
            {
                _empty?.TrySetResult();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(430, LogLevel.Information, "Told to stop: not ready any more, serving for another {Seconds} s.")]
        public static partial void Leaving(ILogger logger, double seconds);

        [LoggerMessage(431, LogLevel.Information, "{Count} streams were told to reconnect elsewhere.")]
        public static partial void SentAway(ILogger logger, int count);
    }
}

/// <summary>A stream of this node, and its sign to leave.</summary>
internal sealed class OpenStream(NodeStop node) : IDisposable
{
    // Never disposed: it has no timer, and the sign may come while the stream ends.
    private readonly CancellationTokenSource _leave = new();

    /// <summary>Cancelled when the client is to be sent elsewhere.</summary>
    public CancellationToken Leaving => _leave.Token;

    /// <summary>How long its client shall wait before it comes back, in milliseconds.</summary>
    public int ReconnectAfter { get; } = node.NextReconnectAfter();

    public void Leave() => _leave.Cancel();

    public void Dispose() => node.Forget(this);
}

/// <summary>How a node leaves.</summary>
internal sealed record NodeStopOptions
{
    /// <summary>How long it serves on after readiness went. Default none.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.Zero;

    /// <summary>Over how long its streams are sent away, and the longest pause that is asked of their clients. Default 2000 ms.</summary>
    public int JitterMilliseconds { get; init; } = 2000;
}
