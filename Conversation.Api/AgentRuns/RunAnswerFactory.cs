using Conversation.Api.Feed;

namespace Conversation.Api.AgentRuns;

/// <summary>Makes the answer of a claimed run.</summary>
internal sealed class RunAnswerFactory(
    RunSteps steps,
    ConversationFeed feed,
    CheckpointWriter checkpoints,
    RunOptions options,
    TimeProvider time)
{
    public RunAnswer Create(RunLease lease) => new(lease, steps, feed, checkpoints, options, time);
}
