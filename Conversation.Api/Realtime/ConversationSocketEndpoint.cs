using Conversation.Api.AgentRuns;
using Conversation.Api.Auth;
using Conversation.Api.Background;
using Conversation.Api.Errors;
using Conversation.Api.Feed;
using Conversation.Api.Limits;
using Conversation.Api.Messages;

namespace Conversation.Api.Realtime;

/// <summary>The plain WebSocket door: refuses before the upgrade, then follows one conversation.</summary>
internal sealed class ConversationSocketEndpoint(
    ConversationAccess access,
    ConversationFeed feed,
    MessageSender sender,
    RunCanceller canceller,
    CallerResolver callers,
    TokenVerifier tokens,
    TokenExpiry expiry,
    TimeProvider time,
    SocketOptions options,
    RequestBudget requests,
    ConnectionBudget connections,
    NodeStop stop,
    ILogger<ConversationSocketEndpoint> logger)
{
    public const string RouteParameter = "conversationId";

    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            throw new ServiceException(StatusCodes.Status426UpgradeRequired, "This route speaks WebSocket only.");
        }

        if (!Guid.TryParse(context.Request.RouteValues[RouteParameter] as string, out var conversation)
            || !await access.MayFollowAsync(context.User, conversation, context.RequestAborted))
        {
            throw ServiceException.NotFound("Conversation");
        }

        var caller = callers.Resolve(context.User);
        var after = AfterOf(context);
        using var pass = connections.Take(caller.Principal);
        var isV2 = context.WebSockets.WebSocketRequestedProtocols.Contains(V2Dialect.SubProtocol);
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = isV2 ? V2Dialect.SubProtocol : null,
            KeepAliveInterval = options.PingInterval,
            KeepAliveTimeout = options.PingTimeout,
        });
        using var stream = stop.Open();
        using var rights = new StreamRights(caller, context.User, expiry, time);
        // Sockets end on their own close, on a broken connection, with their rights, and when the service stops.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, stream.Leaving, rights.End);
        var connection = new SocketConnection(
            socket, isV2 ? options.MaxCommandBytes : options.MaxEchoBytes, options, time, ending, stream, logger);
        if (isV2)
        {
            await new V2Socket(connection, feed, sender, canceller, callers, tokens, rights, requests, conversation).RunAsync(after);
        }
        else
        {
            var follow = new FollowOptions { Door = "legacy", After = after, TextInEvents = false, CanTakeBack = false, Reach = caller.Reach };
            await new LegacySocket(connection, rights, requests).RunAsync(feed.FollowAsync(conversation, follow, ending.Token));
        }
    }

    private static Position? AfterOf(HttpContext context)
    {
        var text = context.Request.Query["after"].FirstOrDefault();
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return Position.TryParse(text, out var position)
            ? position
            : throw ServiceException.Invalid("after", "is not a position that this service gave out");
    }
}
