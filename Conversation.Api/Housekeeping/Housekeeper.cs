using Conversation.Api.Background;
using Conversation.Data.Housekeeping;

namespace Conversation.Api.Housekeeping;

/// <summary>
/// Deletes what nobody can reach any more: rows of deleted conversations, old idempotency keys, checkpoints of messages that have
/// ended. In bounded batches with a breath in between; one node at a time.
/// </summary>
internal sealed partial class Housekeeper(
    HousekeepingStore store,
    HousekeepingOptions options,
    HousekeepingMetrics metrics,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<Housekeeper> logger) : ServiceLoop(lifetime, logger)
{
    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TidyAsync(stoppingToken);
        }
    }

    /// <summary>One round: batches until nothing is left. What cannot be deleted holds up nothing else.</summary>
    internal async Task TidyAsync(CancellationToken token)
    {
        await AllAsync("deleted", () => store.DeleteGoneAsServiceAsync(options.DeletedHours, options.BatchSize, token), token);
        await AllAsync("keys", () => store.DeleteOldKeysAsServiceAsync(options.IdempotencyHours, options.BatchSize, token), token);
        await AllAsync("checkpoints", () => store.DeleteCheckpointsAsServiceAsync(options.BatchSize, token), token);
    }

    private async Task AllAsync(string what, Func<Task<int>> deleteAsync, CancellationToken token)
    {
        try
        {
            while (await deleteAsync() is > 0 and var rows)
            {
                metrics.Deleted(what, rows);
                Log.Deleted(logger, rows, what);
                await Task.Delay(options.Breath, time, token);
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Not only an outage: nothing that the database says of this is worth the node.
            Log.Unavailable(logger, what, error);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(700, LogLevel.Warning, "Nothing can be tidied up at the moment ({What}).")]
        public static partial void Unavailable(ILogger logger, string what, Exception error);

        [LoggerMessage(701, LogLevel.Debug, "{Rows} rows were deleted ({What}).")]
        public static partial void Deleted(ILogger logger, int rows, string what);
    }
}
