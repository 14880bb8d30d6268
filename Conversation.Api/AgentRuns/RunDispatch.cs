using Conversation.Api.AgentRuntimes;
using Conversation.Api.Errors;
using Conversation.Api.Messages;
using Conversation.Api.Observability;
using Conversation.Data.Log;
using Conversation.Data.Postgres;

namespace Conversation.Api.AgentRuns;

/// <summary>Connects sends with this node's worker.</summary>
internal sealed class RunDispatch(NodeIdentity node, RunWorker worker, AgentRuntimeRegistry runtimes) : IRunDispatch
{
    public NewRun Prepare(string? onBusy) => worker.IsQueueFull
        ? throw new ServiceException(
            StatusCodes.Status429TooManyRequests, "Too many runs are waiting; nothing was stored. Try again in a moment.")
        : new NewRun(Ids.New(), runtimes.Default, Agent: null, onBusy, worker.HasRoom ? node.Id : null, ServiceTraces.Traceparent);

    public void Stored(Guid conversationId, Guid runId, bool claimed, Guid? interrupted, long askedAt)
    {
        if (interrupted is { } other)
        {
            // Another node learns of it by the hint of the commit.
            worker.Cancel(other);
        }

        if (claimed)
        {
            worker.Begin(conversationId, new ClaimedRun(runId, Attempt: 1, ServiceTraces.Traceparent), askedAt, ServiceTraces.Current);
        }
        else
        {
            worker.CountQueued();
        }
    }
}
