using System.Runtime.CompilerServices;
using Conversation.Api.AgentRuns;
using Conversation.Api.Auth;
using Conversation.Api.Feed;
using Conversation.Api.Limits;
using Conversation.Api.Messages;
using Conversation.Api.Wire;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;

namespace Conversation.Api.Realtime;

/// <summary>The SignalR door.</summary>
[Authorize]
internal sealed class ConversationHub(
    ConversationAccess access,
    ConversationFeed feed,
    CallerResolver callers,
    MessageSender sender,
    RunCanceller canceller) : Hub
{
    /// <summary>The client method that group members receive frames by.</summary>
    public const string ReceiveFrame = "ReceiveFrame";

    private const string GroupPrefix = "conversation:";

    public static string GroupOf(Guid conversationId) => $"{GroupPrefix}{conversationId}";

    public static Guid? ConversationOf(string group) =>
        group.StartsWith(GroupPrefix, StringComparison.Ordinal) && Guid.TryParse(group.AsSpan(GroupPrefix.Length), out var id) ? id : null;

    /// <summary>Streams frames from a position on, from the start of the log without one, until the client stops it.</summary>
    public async IAsyncEnumerable<HubFrame> Follow(
        Guid conversationId, string? position, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = Position.Start;
        if (position is not null && !Position.TryParse(position, out after))
        {
            throw new HubException("The position is not one that this service gave out.");
        }

        using var following = BeginFollowing();
        await RequireAccessAsync(conversationId);
        var options = new FollowOptions { Door = "hub", After = after, Heartbeats = true, Reach = callers.Resolve(Context.User!).Reach };
        await foreach (var frame in feed.FollowAsync(conversationId, options, cancellationToken))
        {
            yield return new HubFrame(frame);
        }
    }

    /// <summary>Pushes what happens from now on to <see cref="ReceiveFrame"/>. Returns when nothing can be missed any more.</summary>
    public async Task JoinConversation(Guid conversationId)
    {
        await RequireAccessAsync(conversationId);
        var isNew = HubLimits.FollowedBy(Context).Join(conversationId);
        try
        {
            await Groups.AddToGroupAsync(Context.ConnectionId, GroupOf(conversationId), Context.ConnectionAborted);
        }
        catch
        {
            if (isNew)
            {
                HubLimits.FollowedBy(Context).Leave(conversationId);
            }

            throw;
        }
    }

    /// <summary>Ends what <see cref="JoinConversation"/> began.</summary>
    public Task LeaveConversation(Guid conversationId)
    {
        HubLimits.FollowedBy(Context).Leave(conversationId);
        return Groups.RemoveFromGroupAsync(Context.ConnectionId, GroupOf(conversationId), Context.ConnectionAborted);
    }

    /// <summary>Stores a message as POST does, and answers as it does.</summary>
    public async Task<MessageBody> SendMessage(Guid conversationId, SendMessageRequest request)
    {
        RequestValidation.Check(request);
        var sent = await sender.SendAsync(callers.Resolve(Context.User!), conversationId, request, key: null, Context.ConnectionAborted);
        return sent.Message;
    }

    /// <summary>Asks a run to stop, as POST .../cancel does.</summary>
    public Task<RunBody> CancelRun(Guid runId) =>
        canceller.CancelAsync(callers.Resolve(Context.User!), runId, Context.ConnectionAborted);

    /// <summary>A stream is told of its end by a hub's exception only.</summary>
    private IDisposable BeginFollowing()
    {
        try
        {
            return HubLimits.FollowedBy(Context).Begin();
        }
        catch (TooManyRequestsException error)
        {
            throw new HubException(error.Message, error);
        }
    }

    private async Task RequireAccessAsync(Guid conversationId)
    {
        if (!await access.MayFollowAsync(Context.User!, conversationId, Context.ConnectionAborted))
        {
            throw new HubException("Conversation not found.");
        }
    }
}
