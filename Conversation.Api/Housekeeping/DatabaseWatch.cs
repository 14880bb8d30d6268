using Conversation.Api.Background;
using Conversation.Data.Housekeeping;

namespace Conversation.Api.Housekeeping;

/// <summary>Looks at queues and tables every few seconds, so that a scrape is answered from memory and never waits for the database.</summary>
internal sealed partial class DatabaseWatch(
    HousekeepingStore store,
    HousekeepingOptions options,
    HousekeepingMetrics metrics,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<DatabaseWatch> logger) : ServiceLoop(lifetime, logger)
{
    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.LookInterval, time);
        do
        {
            try
            {
                metrics.Saw(await store.RunsAsServiceAsync(stoppingToken), await store.TablesAsServiceAsync(stoppingToken));
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                // Not only an outage: nothing that the database says of this is worth the node.
                Log.Unavailable(logger, error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static partial class Log
    {
        [LoggerMessage(710, LogLevel.Warning, "Queues and tables cannot be looked at at the moment; the metrics show the last look.")]
        public static partial void Unavailable(ILogger logger, Exception error);
    }
}
