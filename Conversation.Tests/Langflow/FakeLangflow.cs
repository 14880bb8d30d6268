using System.Collections.Concurrent;
using System.Threading.Channels;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Conversation.Tests.Langflow;

/// <summary>Langflow on a real socket, as one of its versions behaves, with what flows do written by the test.</summary>
internal sealed partial class FakeLangflow : IAsyncDisposable
{
    public const string FirstFlow = "6f1a2b3c-0000-4000-8000-000000000001";

    private const string Page = "<!doctype html><html><body>Langflow</body></html>";

    private readonly WebApplication _app;
    private readonly Channel<FakeRun> _runs = Channel.CreateBounded<FakeRun>(10_000);

    private FakeLangflow(LangflowProfile profile, string url)
    {
        Profile = profile;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        _app = builder.Build();
        _app.Use(AnswerAsync);
    }

    public LangflowProfile Profile { get; }

    public Uri Address => new(_app.Urls.First());

    /// <summary>What a flow does when it is run.</summary>
    public Func<FakeRun, Task> Flow { get; set; } = run => FakeFlows.PlainAsync(run, "Hello", " from", " Langflow.");

    /// <summary>Answers in place of the fake where it returns true.</summary>
    public Func<HttpContext, Task<bool>>? Override { get; set; }

    /// <summary>Every request, as method and path.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>Cookies that came; none ever should.</summary>
    public ConcurrentQueue<string> Cookies { get; } = [];

    public static async Task<FakeLangflow> StartAsync(LangflowProfile profile, string url = "http://127.0.0.1:0")
    {
        var fake = new FakeLangflow(profile, url);
        await fake._app.StartAsync();
        return fake;
    }

    /// <summary>Waits until the process is told to stop, where the fake is a process of its own.</summary>
    public Task StoppedAsync() => _app.WaitForShutdownAsync();

    /// <summary>The next run that reached the fake.</summary>
    public Task<FakeRun> NextRunAsync() => _runs.Reader.ReadAsync().OrTimeout();

    public int Count(string request) => Requests.Count(made => made.StartsWith(request, StringComparison.Ordinal));

    /// <summary>Answers everything below a path in place of the fake: with JSON, or with a page where there is none.</summary>
    public void Answer(string path, int status, string? json) => Override = async http =>
    {
        if (!http.Request.Path.StartsWithSegments(path, StringComparison.Ordinal))
        {
            return false;
        }

        http.Response.StatusCode = status;
        http.Response.ContentType = json is null ? "text/html; charset=utf-8" : "application/json";
        http.Response.Headers.Location = status is >= 300 and < 400 ? "/login" : default;
        await http.Response.WriteAsync(json ?? Page);
        return true;
    };

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    public static async Task WriteAsync(HttpContext http, int status, object body)
    {
        http.Response.StatusCode = status;
        await http.Response.WriteAsJsonAsync(body);
    }

    public static async Task WritePageAsync(HttpContext http, int status = 200)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/html; charset=utf-8";
        await http.Response.WriteAsync(Page);
    }

    /// <summary>Never answers; with a status, what never comes is the rest of the body.</summary>
    public static async Task HangAsync(HttpContext http, int? status = null)
    {
        if (status is { } begun)
        {
            http.Response.StatusCode = begun;
            http.Response.ContentType = "application/json";
            http.Response.ContentLength = 100;
            await http.Response.WriteAsync("{");
            await http.Response.Body.FlushAsync();
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
    }

    private async Task AnswerAsync(HttpContext http, RequestDelegate next)
    {
        var path = http.Request.Path.Value!;
        Requests.Enqueue($"{http.Request.Method} {path}{http.Request.QueryString}");
        if (http.Request.Headers.Cookie.Count > 0)
        {
            Cookies.Enqueue(http.Request.Headers.Cookie.ToString());
        }

        try
        {
            if (Override is { } other && await other(http))
            {
                return;
            }

            await RouteAsync(http, path);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The client is gone, or the test said that the connection is to break.
        }
    }

    private Task RouteAsync(HttpContext http, string path) => (http.Request.Method, path) switch
    {
        ("GET", "/api/v1/auto_login") => AutoLoginAsync(http),
        ("POST", "/api/v1/api_key/") => MintAsync(http),
        ("GET", "/api/v1/flows/") => ListFlowsAsync(http),
        ("GET", "/api/v1/version") => WriteAsync(http, 200, new { version = Profile.Version, main_version = Profile.Version, package = "Langflow" }),
        ("POST", _) when path.StartsWith("/api/v1/run/", StringComparison.Ordinal) => RunAsync(http, path["/api/v1/run/".Length..]),
        _ when path.StartsWith("/api/v2/workflows", StringComparison.Ordinal) && Profile.HasWorkflows => WorkflowsAsync(http, path),
        _ => MissingAsync(http, "Not Found"),
    };

    /// <summary>Until 1.7 whatever is not found, an unknown flow as well, is the start page.</summary>
    private Task MissingAsync(HttpContext http, string detail) =>
        Profile.PagesForMissing ? WritePageAsync(http) : WriteAsync(http, 404, new { detail });
}
