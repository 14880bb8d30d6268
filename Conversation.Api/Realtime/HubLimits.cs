using Conversation.Api.Auth;
using Conversation.Api.Limits;
using Microsoft.AspNetCore.SignalR;

namespace Conversation.Api.Realtime;

/// <summary>Holds the hub to the limits of the other doors: every invocation is a request, every connection a stream.</summary>
internal sealed class HubLimits(
    RequestBudget requests, ConnectionBudget connections, HubConnections open, LimitOptions options, CallerResolver callers) : IHubFilter
{
    private static readonly object PassKey = new();
    private static readonly object FollowedKey = new();
    private static readonly object TokenKey = new();

    /// <summary>What a connection follows.</summary>
    public static FollowedConversations FollowedBy(HubCallerContext connection) => (FollowedConversations)connection.Items[FollowedKey]!;

    /// <summary>The same, for callers that have the connection itself.</summary>
    public static FollowedConversations FollowedBy(HubConnectionContext connection) => (FollowedConversations)connection.Items[FollowedKey]!;

    public ValueTask<object?> InvokeMethodAsync(
        HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        requests.Spend(callers.Resolve(invocationContext.Context.User!).Principal);
        return next(invocationContext);
    }

    public async Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        try
        {
            context.Context.Items[PassKey] = connections.Take(callers.Resolve(context.Context.User!).Principal);
        }
        catch (TooManyRequestsException error)
        {
            throw new HubException(error.Message, error);
        }

        context.Context.Items[FollowedKey] = new FollowedConversations(options);
        context.Context.Items[TokenKey] = open.Open(context.Context.GetHttpContext());
        await next(context);
    }

    public Task OnDisconnectedAsync(HubLifetimeContext context, Exception? exception, Func<HubLifetimeContext, Exception?, Task> next)
    {
        (context.Context.Items[PassKey] as IDisposable)?.Dispose();
        (context.Context.Items[TokenKey] as IDisposable)?.Dispose();
        return next(context, exception);
    }
}
