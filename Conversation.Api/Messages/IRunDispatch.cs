using Conversation.Data.Log;

namespace Conversation.Api.Messages;

/// <summary>What sending a message needs to know of the runs that answer it.</summary>
public interface IRunDispatch
{
    /// <summary>A run for a new message: the runtime, and this node as claimant where it has room.</summary>
    /// <param name="onBusy">What the run does while another one is active; null for the conversation's own rule.</param>
    /// <exception cref="Errors.ServiceException">429: too many runs wait already.</exception>
    NewRun Prepare(string? onBusy);

    /// <summary>The run was stored.</summary>
    /// <param name="conversationId">Where.</param>
    /// <param name="runId">Which.</param>
    /// <param name="claimed">Whether it was claimed for this node with the commit: it begins.</param>
    /// <param name="interrupted">A run that was asked to stop for it.</param>
    /// <param name="askedAt">When the write was sent, by the monotonic clock.</param>
    void Stored(Guid conversationId, Guid runId, bool claimed, Guid? interrupted, long askedAt);
}
