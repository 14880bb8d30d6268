namespace Conversation.Api.OpenApi;

/// <summary>Serves what OpenAPI cannot say, beside it: the protocol for people, and the same for tools (AsyncAPI 3).</summary>
internal sealed class ProtocolDocuments(RequestDelegate next)
{
    public const string Protocol = "/swagger/protocol.md";
    public const string AsyncApi = "/swagger/asyncapi.yaml";

    public Task InvokeAsync(HttpContext context) => context.Request.Path.Value switch
    {
        Protocol => SendAsync(context, "protocol.md", "text/markdown; charset=utf-8"),
        AsyncApi => SendAsync(context, "asyncapi.yaml", "application/yaml"),
        _ => next(context),
    };

    private static async Task SendAsync(HttpContext context, string resource, string type)
    {
        await using var text = typeof(ProtocolDocuments).Assembly.GetManifestResourceStream(resource)!;
        context.Response.ContentType = type;
        context.Response.ContentLength = text.Length;
        await text.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
