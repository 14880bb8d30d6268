using Conversation.Data.Postgres;

namespace Conversation.Api.Observability;

/// <summary>Gives every request an id: the caller's, if it is fit to be logged, or a new one. Echoed, and on every log line.</summary>
internal sealed class RequestIdMiddleware(RequestDelegate next, ILogger<RequestIdMiddleware> logger)
{
    public const string Header = "X-Request-ID";

    private const int LongestId = 128;

    private static readonly Func<ILogger, string, IDisposable?> RequestScope =
        LoggerMessage.DefineScope<string>("request_id {RequestId}");

    public async Task InvokeAsync(HttpContext context)
    {
        var id = Usable(context.Request.Headers[Header]) ?? Ids.New().ToString();
        context.TraceIdentifier = id;
        // Not now: whatever answers a failure clears the headers first.
        context.Response.OnStarting(static state => Echo((HttpContext)state), context);
        using (RequestScope(logger, id))
        {
            await next(context);
        }
    }

    private static Task Echo(HttpContext context)
    {
        context.Response.Headers[Header] = context.TraceIdentifier;
        return Task.CompletedTask;
    }

    private static string? Usable(string? sent) =>
        sent is { Length: > 0 and <= LongestId } && sent.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') ? sent : null;
}
