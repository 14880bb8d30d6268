using Conversation.Api.Errors;
using Conversation.Api.Wire;
using Conversation.Data.Access;
using Conversation.Data.Log;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>Cancels runs, the same way at every door and from any node.</summary>
public sealed class RunCanceller
{
    private readonly ConversationLog _log;
    private readonly RunRepository _runs;
    private readonly RunWorker _worker;

    internal RunCanceller(ConversationLog log, RunRepository runs, RunWorker worker)
    {
        _log = log;
        _runs = runs;
        _worker = worker;
    }

    /// <summary>Asks a run to stop. Asking again, or too late, changes nothing.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="runId">Which run.</param>
    /// <param name="token">Ends the wait.</param>
    /// <returns>The run as it is now.</returns>
    public async Task<RunBody> CancelAsync(Caller caller, Guid runId, CancellationToken token)
    {
        var run = await _runs.FindAsync(caller, runId, token) ?? throw ServiceException.NotFound("Run");
        _ = await _log.AppendAsync(
            new CancelRun { Caller = caller, ConversationId = run.ConversationId, RunId = runId }, token)
            ?? throw ServiceException.NotFound("Run");
        // Another node learns of it when it renews the run's lease.
        _worker.Cancel(runId);
        return RunBody.From(await _runs.FindAsync(caller, runId, token) ?? throw ServiceException.NotFound("Run"));
    }
}
