using Conversation.Api.Errors;

namespace Conversation.Api.Realtime;

/// <summary>Refuses sockets of browsers' pages that may not call this service, at every door.</summary>
internal sealed class SocketOriginMiddleware(RequestDelegate next, SocketOptions options)
{
    public Task InvokeAsync(HttpContext context) => context.WebSockets.IsWebSocketRequest && !options.AllowsOrigin(context.Request)
        ? throw new ServiceException(StatusCodes.Status403Forbidden, "This origin is not allowed.")
        : next(context);
}
