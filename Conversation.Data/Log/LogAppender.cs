using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Conversation.Data.Log;

/// <summary>
/// The one writer of this node: while a batch is being committed the next one collects, and an idle node commits at once. One lane
/// was measured to beat two (ADR 2).
/// </summary>
internal sealed partial class LogAppender(
    ConversationLog log,
    LogCommitter committer,
    IHostApplicationLifetime lifetime,
    ILogger<LogAppender> logger) : BackgroundService
{
    /// <summary>More gains nothing: at 256 items the commit is already shared by all of a busy node's writers.</summary>
    public const int BatchSize = 256;

    private static readonly TimeSpan ParkedInterval = TimeSpan.FromMilliseconds(50);

    private LogItem? _carried;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await WaitAsync(stoppingToken))
            {
                await committer.CommitParkedAsync();
                await committer.CommitAsync(Collect());
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was accepted is still stored: this service is the last to stop.
            while (Collect() is { Count: > 0 } rest)
            {
                await committer.CommitAsync(rest);
            }
        }
        catch (Exception error)
        {
            Log.Broken(logger, error);
            lifetime.StopApplication();
            throw;
        }
    }

    /// <summary>Until there is something to write, or something parked to look after.</summary>
    private async Task<bool> WaitAsync(CancellationToken token)
    {
        if (_carried is not null)
        {
            return true;
        }

        if (!committer.HasParked)
        {
            return await log.Queue.WaitToReadAsync(token);
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(token);
        patience.CancelAfter(ParkedInterval);
        try
        {
            return await log.Queue.WaitToReadAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!token.IsCancellationRequested)
        {
            return true;
        }
    }

    private List<LogItem> Collect()
    {
        var batch = new List<LogItem>();
        var conflicts = new HashSet<object>();
        while (batch.Count < BatchSize && (_carried ?? (log.Queue.TryRead(out var next) ? next : null)) is { } item)
        {
            _carried = null;
            if (committer.TryPark(item))
            {
                continue;
            }

            if (item.ConflictKey is { } key && !conflicts.Add(key))
            {
                _carried = item;
                break;
            }

            batch.Add(item);
        }

        return batch;
    }

    private static partial class Log
    {
        [LoggerMessage(100, LogLevel.Critical, "The log's writer ended unexpectedly; the service stops.")]
        public static partial void Broken(ILogger logger, Exception error);
    }
}
