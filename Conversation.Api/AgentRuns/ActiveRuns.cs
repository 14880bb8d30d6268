using System.Collections.Concurrent;

namespace Conversation.Api.AgentRuns;

/// <summary>The runs that this node works on, each with its lease and its task.</summary>
internal sealed class ActiveRuns
{
    private readonly ConcurrentDictionary<Guid, (RunLease Lease, Task Work)> _runs = new();

    public int Count => _runs.Count;

    public IEnumerable<RunLease> Leases => _runs.Values.Select(run => run.Lease);

    public RunLease? Find(Guid runId) => _runs.TryGetValue(runId, out var run) ? run.Lease : null;

    public void Add(RunLease lease, Task work)
    {
        // Its lease ran out while the database was away; what it still says is fenced, and shown to nobody.
        Find(lease.RunId)?.Stop(StopReason.LeaseLost);
        _runs[lease.RunId] = (lease, work);
    }

    /// <summary>Takes a run out, unless a later attempt of it has come in its place.</summary>
    public void Remove(RunLease lease)
    {
        if (_runs.TryGetValue(lease.RunId, out var current) && current.Lease == lease)
        {
            _runs.TryRemove(KeyValuePair.Create(lease.RunId, current));
        }
    }

    /// <summary>Until all of them have ended.</summary>
    public Task EndedAsync() => Task.WhenAll(_runs.Values.Select(run => run.Work));
}
