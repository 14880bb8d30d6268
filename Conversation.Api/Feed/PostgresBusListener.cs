using Npgsql;

namespace Conversation.Api.Feed;

/// <summary>Listens to the other nodes' hints. A connection that was lost is opened again, and then everything watched is looked at.</summary>
internal sealed partial class PostgresBusListener(
    NpgsqlDataSource source,
    FeedNode node,
    IEnumerable<IHintListener> listeners,
    TimeProvider time,
    ILogger<PostgresBusListener> logger) : BackgroundService
{
    private const string ListenSql = $"LISTEN {PostgresBus.Channel}";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>A connection that a firewall has forgotten is silent too: after so long it has to answer.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                Log.Lost(logger, error);
                await Task.Delay(Pause, time, CancellationToken.None);
            }
        }
    }

    private async Task ListenAsync(CancellationToken token)
    {
        await using var connection = await source.OpenConnectionAsync(token);
        connection.Notification += (_, notification) =>
        {
            if (HintCodec.TryDecode(node.Id, notification.Payload, out var conversations))
            {
                Hear(conversations);
            }
        };
        await using var listen = new NpgsqlCommand(ListenSql, connection);
        await listen.ExecuteNonQueryAsync(token);
        Hear(null);
        while (true)
        {
            if (!await connection.WaitAsync(Silence, token))
            {
                await listen.ExecuteNonQueryAsync(token);
            }
        }
    }

    private void Hear(List<Guid>? conversations)
    {
        foreach (var listener in listeners)
        {
            listener.Hinted(conversations);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(420, LogLevel.Warning, "Other nodes' hints cannot be heard at the moment; the log is looked at every second.")]
        public static partial void Lost(ILogger logger, Exception error);
    }
}
