using System.Collections.Concurrent;
using Conversation.Api.Background;
using Conversation.Api.Feed;
using Conversation.Data.Checkpoints;
using Conversation.Data.Postgres;

namespace Conversation.Api.AgentRuns;

/// <summary>Keeps the growing text of all of this node's answers in the database, with one statement every 100 ms.</summary>
internal sealed partial class CheckpointWriter(
    CheckpointStore store,
    IFeedBus bus,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<CheckpointWriter> logger) : ServiceLoop(lifetime, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<AnswerWriter, Kept> _answers = new();

    public void Keep(RunLease lease, AnswerWriter answer) => _answers[answer] = new Kept(lease);

    public void Forget(AnswerWriter answer) => _answers.TryRemove(answer, out _);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await WriteAsync(stoppingToken);
        }
    }

    private async Task WriteAsync(CancellationToken token)
    {
        var pieces = new List<(Kept Kept, Checkpoint Piece)>();
        foreach (var (answer, kept) in _answers)
        {
            var text = answer.TextFrom(kept.Offset);
            if (text.Length > 0)
            {
                pieces.Add((kept, new Checkpoint(
                    kept.Lease.RunId, kept.Lease.Attempt, answer.MessageId, answer.Attempt, kept.Offset, text)));
            }
        }

        if (pieces.Count == 0)
        {
            return;
        }

        try
        {
            await store.AppendAsync([.. pieces.Select(piece => piece.Piece)], token);
            foreach (var (kept, piece) in pieces)
            {
                kept.Offset += piece.Text.Length;
            }

            bus.Publish([.. pieces.Select(piece => piece.Kept.Lease.ConversationId)]);
        }
        catch (DatabaseUnavailableException error)
        {
            // The next round sends the same again and more; a piece that was stored after all is left as it is.
            Log.Unavailable(logger, pieces.Count, error);
        }
    }

    private sealed class Kept(RunLease lease)
    {
        public RunLease Lease => lease;

        public int Offset { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(521, LogLevel.Warning, "{Count} checkpoints wait, because the database does not answer.")]
        public static partial void Unavailable(ILogger logger, int count, Exception error);
    }
}
