using System.Diagnostics;
using Conversation.Api.AgentRuntimes;
using Conversation.Api.Messages;
using Conversation.Api.Observability;
using Conversation.Data.Log;
using Conversation.Data.Postgres;

namespace Conversation.Api.AgentRuns;

/// <summary>Connects sends with this node's worker.</summary>
internal sealed class RunDispatch(NodeIdentity node, RunWorker worker, AgentRuntimeRegistry runtimes) : IRunDispatch
{
    public bool IsFull => worker.IsQueueFull;

    public NewRun Prepare(string? onBusy) =>
        new(Ids.New(), runtimes.Default, Agent: null, onBusy, worker.TryReserve() ? node.Id : null, ServiceTraces.Traceparent);

    public void Release(NewRun run)
    {
        if (run.Claimant is not null)
        {
            worker.Release();
        }
    }

    public void Stored(Guid conversationId, NewRun run, bool claimed, Guid? interrupted, long askedAt, ActivityContext asked)
    {
        if (interrupted is { } other)
        {
            // Another node learns of it by the hint of the commit.
            worker.Cancel(other);
        }

        if (claimed)
        {
            worker.Begin(conversationId, new ClaimedRun(run.Id, Attempt: 1, run.Traceparent), askedAt, asked);
        }
        else
        {
            worker.CountQueued(forRoom: run.Claimant is null);
        }
    }
}
