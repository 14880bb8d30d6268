namespace Conversation.Api.Observability;

/// <summary>One line per request, without query string, headers or bodies: a token may be in any of them.</summary>
internal sealed partial class RequestLogMiddleware(RequestDelegate next, TimeProvider time, ILogger<RequestLogMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var start = time.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            Log.Answered(
                logger,
                context.Request.Method,
                context.Request.Path,
                context.Response.StatusCode,
                (long)time.GetElapsedTime(start).TotalMilliseconds);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(300, LogLevel.Information, "{Method} {Path} answered {Status} in {Milliseconds} ms.")]
        public static partial void Answered(ILogger logger, string method, string path, int status, long milliseconds);
    }
}
