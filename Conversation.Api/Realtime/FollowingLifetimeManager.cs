using System.Collections.Concurrent;
using Conversation.Api.Auth;
using Conversation.Api.Background;
using Conversation.Api.Feed;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Conversation.Api.Realtime;

/// <summary>
/// Makes membership of a group <c>conversation:{id}</c> a subscription: each member has its own cursor and its own writer, so one
/// that does not read holds up nobody. (A plain group send waits for all members: 10 s behind a stalled one, measured, ADR 2.)
/// </summary>
internal sealed partial class FollowingLifetimeManager(
    ConversationFeed feed,
    CallerResolver callers,
    NodeStop stop,
    ILogger<FollowingLifetimeManager> logger,
    ILogger<DefaultHubLifetimeManager<ConversationHub>> baseLogger) : DefaultHubLifetimeManager<ConversationHub>(baseLogger)
{
    private static readonly Func<FeedFrame, SerializedHubMessage> ToInvocation =
        frame => new SerializedHubMessage(new InvocationMessage(ConversationHub.ReceiveFrame, [new HubFrame(frame)]));

    private readonly ConcurrentDictionary<string, Member> _members = new();

    public override async Task OnConnectedAsync(HubConnectionContext connection)
    {
        _members[connection.ConnectionId] = new Member(connection, stop.Open());
        await base.OnConnectedAsync(connection);
    }

    public override async Task OnDisconnectedAsync(HubConnectionContext connection)
    {
        if (_members.TryRemove(connection.ConnectionId, out var member))
        {
            await member.EndAsync();
        }

        await base.OnDisconnectedAsync(connection);
    }

    public override async Task AddToGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default)
    {
        await base.AddToGroupAsync(connectionId, groupName, cancellationToken);
        if (ConversationHub.ConversationOf(groupName) is { } conversation && _members.TryGetValue(connectionId, out var member))
        {
            try
            {
                await member.FollowAsync(conversation, (connection, id, subscription) => BeginAsync(member, connection, id, subscription));
            }
            catch
            {
                await base.RemoveFromGroupAsync(connectionId, groupName, CancellationToken.None);
                throw;
            }
        }
    }

    public override async Task RemoveFromGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default)
    {
        if (ConversationHub.ConversationOf(groupName) is { } conversation && _members.TryGetValue(connectionId, out var member))
        {
            await member.LeaveAsync(conversation);
        }

        await base.RemoveFromGroupAsync(connectionId, groupName, cancellationToken);
    }

    /// <summary>Returns the pump once the follower is registered.</summary>
    private async Task<Task> BeginAsync(Member member, HubConnectionContext connection, Guid conversation, Subscription subscription)
    {
        var options = new FollowOptions { Door = "group", Heartbeats = true, Reach = callers.Resolve(connection.User).Reach };
        var frames = feed.FollowAsync(conversation, options, subscription.Stop).GetAsyncEnumerator(subscription.Stop);
        try
        {
            await frames.MoveNextAsync();
            return PumpAsync(member, connection, conversation, subscription, frames);
        }
        catch
        {
            await frames.DisposeAsync();
            throw;
        }
    }

    private async Task PumpAsync(
        Member member, HubConnectionContext connection, Guid conversation, Subscription subscription, IAsyncEnumerator<FeedFrame> frames)
    {
        // Leaves the caller, who wants to answer the client that it has joined.
        await Task.Yield();
        try
        {
            Position position;
            do
            {
                position = frames.Current.Position;
                await connection.WriteAsync(frames.Current.HubMessage(ToInvocation), connection.ConnectionAborted);
            }
            while (await frames.MoveNextAsync());

            // The connection stays, because it may rightly follow others. It is told, and the place in its limit is free again.
            HubLimits.FollowedBy(connection).Leave(conversation);
            await base.RemoveFromGroupAsync(connection.ConnectionId, ConversationHub.GroupOf(conversation), CancellationToken.None);
            subscription.IsEnding = true;
            await connection.WriteAsync(
                new EndedFrame(conversation, position).HubMessage(ToInvocation), connection.ConnectionAborted);
        }
        catch (OperationCanceledException)
        {
            // Left, gone, or the service stops.
        }
        catch (Exception error)
        {
            Log.Broken(logger, error);
            connection.Abort();
        }
        finally
        {
            await frames.DisposeAsync();
            member.Forget(conversation, subscription);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(600, LogLevel.Warning, "Following a conversation failed; the connection is closed.")]
        public static partial void Broken(ILogger logger, Exception error);
    }
}
