using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Conversation.Tests.Infrastructure;

/// <summary>A line of a log.</summary>
internal sealed record LogLine(string Category, LogLevel Level, int EventId, string Text, Exception? Error);

/// <summary>Keeps what a service logs: add it to the services as a provider.</summary>
internal sealed class LogRecorder : ILoggerProvider
{
    public ConcurrentQueue<LogLine> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => new Recorder(this, categoryName);

    /// <summary>Waits until what was logged satisfies the test.</summary>
    public async Task UntilAsync(Func<IReadOnlyCollection<LogLine>, bool> isEnough)
    {
        var patience = Patience.Token;
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        while (!isEnough(Lines))
        {
            await beat.WaitForNextTickAsync(patience);
        }
    }

    public void Dispose()
    {
    }

    private sealed class Recorder(LogRecorder all, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            all.Lines.Enqueue(new LogLine(category, logLevel, eventId.Id, formatter(state, exception), exception));
    }
}
