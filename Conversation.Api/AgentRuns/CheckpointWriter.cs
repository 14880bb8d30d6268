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

    /// <summary>
    /// What stays free between two checkpoints, however slow commits are: each holds the rows of its runs until its commit, and leases are
    /// renewed in between.
    /// </summary>
    public static readonly TimeSpan Pause = Interval / 2;

    private readonly ConcurrentDictionary<AnswerWriter, KeptAnswer> _answers = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Signal _begun = new();

    /// <summary>Keeps an answer from now on; what it begins with is kept already.</summary>
    public void Keep(RunLease lease, AnswerWriter answer)
    {
        _answers[answer] = new KeptAnswer(lease, answer);
        _begun.Set();
    }

    public void Forget(AnswerWriter answer) => _answers.TryRemove(answer, out _);

    public void ResumeAt(AnswerWriter answer, string token)
    {
        if (_answers.TryGetValue(answer, out var kept))
        {
            kept.ResumeAt(token);
        }
    }

    /// <summary>Keeps everything now.</summary>
    /// <exception cref="DatabaseUnavailableException">It could not be kept.</exception>
    public async Task FlushAsync(CancellationToken token)
    {
        await _turn.WaitAsync(token);
        try
        {
            var answers = _answers.Values.ToArray();
            var pieces = answers.SelectMany(answer => answer.Take()).ToArray();
            if (pieces.Length == 0)
            {
                return;
            }

            await store.AppendAsServiceAsync(pieces, token);
            foreach (var answer in answers)
            {
                answer.Confirm();
            }

            bus.Publish([.. answers.Where(answer => answer.WasTaken).Select(answer => answer.Lease.ConversationId)]);
        }
        finally
        {
            _turn.Release();
        }
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        await using var stopping = stoppingToken.UnsafeRegister(_ => _begun.Set(), null);
        while (true)
        {
            if (_answers.IsEmpty)
            {
                await _begun.WaitAsync();
                stoppingToken.ThrowIfCancellationRequested();
            }

            var began = time.GetTimestamp();
            try
            {
                await FlushAsync(stoppingToken);
            }
            catch (DatabaseUnavailableException error)
            {
                Log.Unavailable(logger, _answers.Count, error);
            }

            var rest = Interval - time.GetElapsedTime(began);
            await Task.Delay(rest > Pause ? rest : Pause, time, stoppingToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(521, LogLevel.Warning, "The checkpoints of {Count} answers wait, because the database does not answer.")]
        public static partial void Unavailable(ILogger logger, int count, Exception error);
    }
}
