namespace Conversation.Api.Background;

/// <summary>
/// Work that goes on for as long as the service runs. It ends with the service; if it ends in any other way the service ends with it,
/// because without it nothing would be true any more.
/// </summary>
internal abstract partial class ServiceLoop(IHostApplicationLifetime lifetime, ILogger logger) : BackgroundService
{
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await RunAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
        catch (Exception error)
        {
            Log.Broken(logger, GetType().Name, error);
            lifetime.StopApplication();
            throw;
        }
    }

    /// <summary>Works until the token is cancelled; handles what can be expected to go wrong.</summary>
    protected abstract Task RunAsync(CancellationToken stoppingToken);

    private static partial class Log
    {
        [LoggerMessage(400, LogLevel.Critical, "{Loop} ended unexpectedly; the service stops.")]
        public static partial void Broken(ILogger logger, string loop, Exception error);
    }
}
