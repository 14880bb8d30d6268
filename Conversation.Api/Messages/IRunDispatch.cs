using System.Diagnostics;
using Conversation.Data.Log;

namespace Conversation.Api.Messages;

/// <summary>What sending a message needs to know of the runs that answer it.</summary>
public interface IRunDispatch
{
    /// <summary>Whether too many runs wait already for one more.</summary>
    bool IsFull { get; }

    /// <summary>A run for a new message: the runtime, and this node as claimant where it has room, which is then reserved for it.</summary>
    /// <param name="onBusy">What the run does while another one is active; null for the conversation's own rule.</param>
    NewRun Prepare(string? onBusy);

    /// <summary>Nobody waits for the write any more: what was reserved for a run that has not begun is free again. Once for each prepared run.</summary>
    /// <param name="run">What was prepared.</param>
    void Release(NewRun run);

    /// <summary>The run was stored. Returns at once.</summary>
    /// <param name="conversationId">Where.</param>
    /// <param name="run">What was prepared.</param>
    /// <param name="claimed">Whether it was claimed for this node with the commit: it begins.</param>
    /// <param name="interrupted">A run that was asked to stop for it.</param>
    /// <param name="askedAt">When the write was sent, by the monotonic clock.</param>
    /// <param name="asked">The trace of the request; default for none.</param>
    void Stored(Guid conversationId, NewRun run, bool claimed, Guid? interrupted, long askedAt, ActivityContext asked);
}
