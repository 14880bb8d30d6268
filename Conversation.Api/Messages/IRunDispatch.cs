using Conversation.Data.Log;

namespace Conversation.Api.Messages;

/// <summary>What sending a message needs to know of the runs that answer it.</summary>
public interface IRunDispatch
{
    /// <summary>A run for a new message: the runtime, and this node as claimant where it has room.</summary>
    NewRun Prepare();

    /// <summary>The run was claimed for this node with the message's commit: begin.</summary>
    /// <param name="conversationId">Where.</param>
    /// <param name="run">The claim.</param>
    void Begin(Guid conversationId, ClaimedRun run);
}
