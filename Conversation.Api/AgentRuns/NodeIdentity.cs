using Conversation.Data.Postgres;

namespace Conversation.Api.AgentRuns;

/// <summary>This process among the nodes: what its leases are held by. New at every start, so that it is not taken for its predecessor.</summary>
internal sealed class NodeIdentity
{
    public Guid Id { get; } = Ids.New();
}
