using Microsoft.AspNetCore.Http.Extensions;

namespace Conversation.Api.Realtime;

/// <summary>
/// Lets a hub's client negotiate with one node and open its WebSocket at another. The id that it was given names a connection that only
/// the first node has, and is not needed: without it the framework makes a connection of its own, as for clients that skip negotiation.
/// Server-sent events and long polling, which are several requests, do need one and the same node.
/// </summary>
internal sealed class HubHandshakeMiddleware(RequestDelegate next)
{
    private const string ConnectionToken = "id";

    public Task InvokeAsync(HttpContext context)
    {
        if (context.WebSockets.IsWebSocketRequest
            && context.GetEndpoint()?.Metadata.GetMetadata<Microsoft.AspNetCore.SignalR.HubMetadata>() is not null
            && context.Request.Query.ContainsKey(ConnectionToken))
        {
            context.Request.QueryString = new QueryBuilder(
                context.Request.Query.Where(parameter => parameter.Key != ConnectionToken)).ToQueryString();
        }

        return next(context);
    }
}
