using System.Collections.Concurrent;
using Conversation.Data.Log;
using Npgsql;

namespace Conversation.Api.Feed;

/// <summary>
/// The bus on PostgreSQL alone: NOTIFY on a connection of its own, outside every write transaction (inside, it cut commits to a
/// fifth: ADR 2), one for all that was committed meanwhile.
/// </summary>
internal sealed partial class PostgresBus(NpgsqlDataSource source, FeedNode node, TimeProvider time, ILogger<PostgresBus> logger)
    : BackgroundService, IFeedBus, ICommitListener
{
    public const string Channel = "conversation_feed";

    private const string NotifySql = $"SELECT pg_notify('{Channel}', $1)";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<Guid, bool> _pending = new();
    private readonly Signal _signal = new();

    public void Committed(IReadOnlyCollection<Guid> conversations) => Publish(conversations);

    public void Publish(IReadOnlyCollection<Guid> conversations)
    {
        foreach (var conversation in conversations)
        {
            _pending[conversation] = true;
        }

        _signal.Set();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var stopping = stoppingToken.UnsafeRegister(_ => _signal.Set(), null);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(stoppingToken);
                while (true)
                {
                    await _signal.WaitAsync();
                    stoppingToken.ThrowIfCancellationRequested();
                    await NotifyAsync(connection, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // The other nodes' watermark finds what this hint would have said.
                Log.Lost(logger, error);
                await Task.Delay(Pause, time, CancellationToken.None);
            }
        }
    }

    private async Task NotifyAsync(NpgsqlConnection connection, CancellationToken token)
    {
        var conversations = _pending.Keys.ToArray();
        foreach (var conversation in conversations)
        {
            _pending.TryRemove(conversation, out _);
        }

        if (conversations.Length == 0)
        {
            return;
        }

        await using var batch = new NpgsqlBatch(connection);
        foreach (var payload in HintCodec.Encode(node.Id, conversations))
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(NotifySql)
            {
                Parameters = { new NpgsqlParameter<string> { TypedValue = payload } },
            });
        }

        await batch.ExecuteNonQueryAsync(token);
    }

    private static partial class Log
    {
        [LoggerMessage(410, LogLevel.Warning, "Hints to other nodes cannot be sent at the moment.")]
        public static partial void Lost(ILogger logger, Exception error);
    }
}
