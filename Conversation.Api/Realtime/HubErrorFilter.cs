using Conversation.Api.Errors;
using Conversation.Data.Postgres;
using Microsoft.AspNetCore.SignalR;

namespace Conversation.Api.Realtime;

/// <summary>Tells a hub's client what the same request would have been told by REST; anything unexpected stays in the log.</summary>
internal sealed class HubErrorFilter : IHubFilter
{
    public async ValueTask<object?> InvokeMethodAsync(
        HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        try
        {
            return await next(invocationContext);
        }
        catch (Exception error) when (error is ServiceException or DatabaseUnavailableException or UnstorableValueException)
        {
            throw new HubException(error.Message, error);
        }
    }
}
