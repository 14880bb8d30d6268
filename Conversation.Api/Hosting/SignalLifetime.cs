using System.Runtime.InteropServices;
using Conversation.Api.Background;

namespace Conversation.Api.Hosting;

/// <summary>
/// What the process does with signals. SIGTERM, which orchestrators send, leaves in order (<see cref="NodeStop"/>); Ctrl+C, and any
/// second signal, stops at once. The framework's own lifetime would stop at once on both.
/// </summary>
internal sealed partial class SignalLifetime(NodeStop stop, IHostApplicationLifetime lifetime, ILogger<SignalLifetime> logger)
    : IHostLifetime, IDisposable
{
    private readonly List<IDisposable> _registrations = [];

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _registrations.Add(lifetime.ApplicationStarted.Register(() => Log.Started(logger)));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Handle(signal, () => _ = stop.LeaveAsync())));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Handle(signal, lifetime.StopApplication)));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGQUIT, signal => Handle(signal, lifetime.StopApplication)));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    /// <summary>Without the cancel the runtime would end the process by itself.</summary>
    private static void Handle(PosixSignalContext signal, Action act)
    {
        signal.Cancel = true;
        act();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Application started. Press Ctrl+C to shut down.")]
        public static partial void Started(ILogger logger);
    }
}
