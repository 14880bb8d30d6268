namespace Conversation.Api.Spa;

/// <summary>
/// What browsers may do with an answer of this service. The chat page runs its own scripts and nothing else: no inline script or style, no
/// other origin. Swagger UI sets styles of its own; everything else is data, which nothing may come out of.
/// </summary>
internal sealed class BrowserPolicyMiddleware(RequestDelegate next)
{
    private const string Common = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

    private const string Page =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; "
        + $"trusted-types conversation; {Common}";

    private const string Swagger =
        $"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; {Common}";

    private const string Data = $"default-src 'none'; {Common}";

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.OnStarting(static state => Set((HttpContext)state), context);
        return next(context);
    }

    private static Task Set(HttpContext context)
    {
        var headers = context.Response.Headers;
        if (context.Response.StatusCode != StatusCodes.Status304NotModified)
        {
            // With a 304 a browser takes new headers for what it has kept, whose kind is not known here.
            headers.ContentSecurityPolicy = PolicyOf(context);
        }

        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        return Task.CompletedTask;
    }

    private static string PolicyOf(HttpContext context)
    {
        var isHtml = context.Response.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true;
        return !isHtml ? Data : context.Request.Path.StartsWithSegments("/swagger") ? Swagger : Page;
    }
}
