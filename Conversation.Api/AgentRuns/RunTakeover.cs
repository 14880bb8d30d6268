using Conversation.Api.AgentRuntimes;
using Conversation.Api.Observability;
using Conversation.Data.Checkpoints;
using Conversation.Data.Log;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>Takes a run over whose node is gone, and goes on with the same message, where the runtime can.</summary>
internal sealed class RunTakeover(
    NodeIdentity node,
    RunWorker worker,
    AgentRuntimeRegistry runtimes,
    CheckpointStore checkpoints,
    ConversationLog log,
    RunOptions options,
    TimeProvider time)
{
    /// <summary>What the checkpoints hold of a streaming message.</summary>
    public async Task<string> ReadKeptAsync(Guid message, CancellationToken token) =>
        string.Concat((await checkpoints.ReadAsServiceAsync([message], [0], token)).Select(chunk => chunk.Text));

    /// <param name="run">A run whose lease has run out.</param>
    /// <param name="text">What is kept of its answer.</param>
    /// <param name="token">Ends the attempt.</param>
    /// <returns>False where nothing can go on; true also where another node was faster.</returns>
    public async Task<bool> TryAsync(ExpiredRun run, string text, CancellationToken token)
    {
        if (run is not { Status: RunStatus.Running, StreamingMessageId: { } message, ResumeToken: { } resume }
            || run.Attempt >= options.MostAttempts
            || !runtimes.CanResume(run.Runtime)
            || text.Length < run.ResumeOffset)
        {
            return false;
        }

        // What stands behind the resume point would be said again.
        var kept = text[..run.ResumeOffset];
        var askedAt = time.GetTimestamp();
        await log.AppendAsync(
            new TakeOverRun
            {
                ConversationId = run.ConversationId,
                RunId = run.Id,
                Attempt = run.Attempt,
                Claimant = node.Id,
                MessageId = message,
                Text = kept,
                ResumeToken = resume,
            },
            token,
            taken => worker.Begin(
                run.ConversationId,
                new ClaimedRun(run.Id, taken.Attempt, taken.Traceparent),
                askedAt,
                ServiceTraces.Stored(taken.Traceparent),
                new TakenAnswer(taken, message, kept, resume)));
        return true;
    }
}
