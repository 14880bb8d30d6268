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
    public RunAnswer Create(RunLease lease, TakenAnswer? taken)
    {
        var answer = new RunAnswer(lease, steps, feed, checkpoints, options, time);
        if (taken is not null)
        {
            answer.Continue(taken);
        }

        return answer;
    }
}
