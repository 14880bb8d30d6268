using Conversation.Api.AgentRuns;
using Conversation.Api.Auth;
using Conversation.Api.Errors;
using Conversation.Api.Feed;
using Conversation.Api.Messages;

namespace Conversation.Api.Realtime;

/// <summary>The plain WebSocket door: refuses before the upgrade, then follows one conversation.</summary>
internal sealed class ConversationSocketMiddleware(
    RequestDelegate next,
    ConversationAccess access,
    ConversationFeed feed,
    MessageSender sender,
    RunCanceller canceller,
    CallerResolver callers,
    TokenVerifier tokens,
    TimeProvider time,
    SocketOptions options,
    IHostApplicationLifetime lifetime,
    ILogger<ConversationSocketMiddleware> logger)
{
    public const string RouteParameter = "conversationId";

    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            if (HttpMethods.IsGet(context.Request.Method))
            {
                throw new ServiceException(StatusCodes.Status426UpgradeRequired, "This route speaks WebSocket only.");
            }

            await next(context);
            return;
        }

        if (!Guid.TryParse(context.Request.RouteValues[RouteParameter] as string, out var conversation)
            || !await access.MayFollowAsync(context.User, conversation, context.RequestAborted))
        {
            throw ServiceException.NotFound("Conversation");
        }

        var caller = callers.Resolve(context.User);
        var after = AfterOf(context);
        var isV2 = context.WebSockets.WebSocketRequestedProtocols.Contains(V2Dialect.SubProtocol);
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = isV2 ? V2Dialect.SubProtocol : null,
            KeepAliveInterval = options.PingInterval,
            KeepAliveTimeout = options.PingTimeout,
        });
        using var rights = new StreamRights(caller, context.User, time);
        // Sockets end on their own close, on a broken connection, with their rights, and when the service stops.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, lifetime.ApplicationStopping, rights.End);
        var connection = new SocketConnection(socket, options, ending, logger);
        if (isV2)
        {
            await new V2Socket(connection, feed, sender, canceller, callers, tokens, rights, conversation).RunAsync(after);
        }
        else
        {
            var follow = new FollowOptions { After = after, TextInEvents = false, CanTakeBack = false, Reach = caller.Reach };
            await new LegacySocket(connection, rights).RunAsync(feed.FollowAsync(conversation, follow, ending.Token));
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
