using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Conversation.Tests.Infrastructure;

/// <summary>
/// The sibling auth service as a real server, with the quirks of the real one: no order of pages, DELETE that answers 500 after it
/// has deleted, 500 as plain text for too many requests, no secret but in the answer that made it.
/// </summary>
internal sealed partial class FakeAuthService : IAsyncDisposable
{
    public const string AdminEmail = "admin@admin.com";
    public const string AdminPassword = "admin";

    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Func<HttpContext, Func<Task>, Task>>> _scripts = new();
    private int _session;

    private FakeAuthService(WebApplication app) => _app = app;

    /// <summary>With the root path, as AUTH_SERVICE_URL has it.</summary>
    public Uri Address { get; private set; } = null!;

    public List<FakeClient> Clients { get; } = [];

    public HashSet<string> Roles { get; } = ["agent_runtime_client"];

    /// <summary>Method and path of each request, without the root path.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public bool AdminIsAdmin { get; set; } = true;

    public int TokenLifetimeSeconds { get; set; } = 1800;

    public static async Task<FakeAuthService> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var fake = new FakeAuthService(app);
        fake.Map();
        await app.StartAsync();
        fake.Address = new Uri($"{app.Urls.First()}/api/v1");
        return fake;
    }

    /// <summary>Lets the next request of a route be answered in another way; more than one wait in line.</summary>
    /// <param name="route">Such as <c>POST /auth/token</c>.</param>
    /// <param name="reply">Answers, or calls the real answer.</param>
    /// <param name="times">How many requests.</param>
    public void Script(string route, Func<HttpContext, Func<Task>, Task> reply, int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            _scripts.GetOrAdd(route, _ => new()).Enqueue(reply);
        }
    }

    public void Script(string route, int status, object body, int times = 1) => Script(route, Json(status, body), times);

    /// <summary>What the service answers beyond its limits at login and token.</summary>
    public void Limit(string route, int times = 1) => Script(
        route,
        (context, _) =>
        {
            context.Response.StatusCode = 500;
            context.Response.ContentType = "text/plain; charset=utf-8";
            return context.Response.WriteAsync("Internal Server Error");
        },
        times);

    /// <summary>Does what was asked, and hangs up before it has said so.</summary>
    public void LoseReply(string route, int times = 1) => Script(
        route,
        async (context, next) =>
        {
            var body = context.Response.Body;
            context.Response.Body = Stream.Null;
            await next();
            context.Response.Body = body;
            context.Abort();
        },
        times);

    public void ExpireSessions() => Interlocked.Increment(ref _session);

    public int Count(string request) => Requests.Count(one => one.StartsWith(request, StringComparison.Ordinal));

    public FakeClient AddClient(string name, string description = "")
    {
        var client = new FakeClient(Guid.CreateVersion7().ToString(), $"{Guid.CreateVersion7():N}-secret", name, description);
        lock (_lock)
        {
            Clients.Add(client);
        }

        return client;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    public static Func<HttpContext, Func<Task>, Task> Json(int status, object body) => (context, _) =>
        Results.Json(body, statusCode: status).ExecuteAsync(context);

    private void Map()
    {
        _app.UsePathBase("/api/v1");
        _app.Use(async (context, next) =>
        {
            context.Response.Headers["X-Request-ID"] = context.Request.Headers["X-Request-ID"].FirstOrDefault() ?? Guid.CreateVersion7().ToString();
            var path = context.Request.Path.Value!;
            if (path.Length > 1 && path.EndsWith('/'))
            {
                context.Response.Redirect(path.TrimEnd('/'), permanent: false, preserveMethod: true);
                return;
            }

            Requests.Enqueue($"{context.Request.Method} {path}{context.Request.QueryString}");
            if (_scripts.TryGetValue($"{context.Request.Method} {path}", out var script) && script.TryDequeue(out var reply))
            {
                await reply(context, () => next(context));
                return;
            }

            await next(context);
        });
        _app.UseRouting();
        _app.MapGet("/health/liveness", () => new { status = "alive", service = "Authentication Service" });
        MapUsers();
        MapClients();
        MapTokens();
    }

    private bool IsSession(HttpContext context, out IResult? refusal)
    {
        var header = context.Request.Headers.Authorization.ToString();
        refusal = header.Length == 0 ? Detail(HttpStatusCode.Unauthorized, "Not authenticated")
            : header != $"Bearer session-{_session}" ? Detail(HttpStatusCode.Unauthorized, "Invalid or expired token: signature has expired")
            : !AdminIsAdmin ? Detail(HttpStatusCode.Forbidden, "User does not have admin privileges")
            : null;
        return refusal is null;
    }

    private static IResult Detail(HttpStatusCode status, string detail) => Results.Json(new { detail }, statusCode: (int)status);
}

/// <summary>A client that the fake knows.</summary>
internal sealed record FakeClient(string Id, string Secret, string Name, string Description)
{
    public bool IsActive { get; set; } = true;

    public object Listed => new
    {
        client_id = Id,
        client_name = Name,
        description = Description,
        allowed_callback_urls = Array.Empty<string>(),
        assigned_roles = new[] { "agent_runtime_client" },
        is_active = IsActive,
        created_at = "2025-08-10T12:00:00Z",
        updated_at = "2025-08-10T12:00:00Z",
    };
}
