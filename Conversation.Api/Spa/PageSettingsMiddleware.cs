using System.Text.Json;
using Conversation.Api.Wire;

namespace Conversation.Api.Spa;

/// <summary>Answers <c>/page.json</c>. The page's files are the same everywhere; this is what differs.</summary>
internal sealed class PageSettingsMiddleware(RequestDelegate next, PageSettings settings)
{
    public const string Path = "/page.json";

    private readonly byte[] _body = JsonSerializer.SerializeToUtf8Bytes(settings, WireJson.Options);

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path != Path || !HttpMethods.IsGet(context.Request.Method))
        {
            return next(context);
        }

        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.Body.WriteAsync(_body, context.RequestAborted).AsTask();
    }
}
