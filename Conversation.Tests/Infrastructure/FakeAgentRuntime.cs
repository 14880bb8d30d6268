using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Tests.Infrastructure;

/// <summary>The sibling agent runtime service as a real server: finds a flow for a description, for whoever has a token.</summary>
internal sealed class FakeAgentRuntime : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(TimeSpan Delay, int Status, object Body)> _replies = new();

    private FakeAgentRuntime(WebApplication app) => _app = app;

    /// <summary>Without a path, as AGENT_RUNTIME_SERVICE_URL is.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>The descriptions that flows were asked for by.</summary>
    public ConcurrentQueue<string> Descriptions { get; } = new();

    public string FlowId { get; set; } = Guid.CreateVersion7().ToString();

    public static async Task<FakeAgentRuntime> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var fake = new FakeAgentRuntime(app);
        app.MapGet("/health", () => new { status = "ok" });
        app.MapPost("/api/v1/agents/provision", (Delegate)fake.ProvisionAsync);
        await app.StartAsync();
        fake.Address = new Uri(app.Urls.First());
        return fake;
    }

    /// <summary>How the next request with a good token is answered.</summary>
    public void Answer(int status, object body, TimeSpan delay = default) => _replies.Enqueue((delay, status, body));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> ProvisionAsync(HttpContext context)
    {
        var token = context.Request.Headers.Authorization.ToString() is { Length: > 7 } header ? header[7..] : context.Request.Query["token"].ToString();
        if (token.Length == 0)
        {
            return Results.Json(new { detail = "Missing Bearer token" }, statusCode: 401);
        }

        if (!await VerifiesAsync(token, TestTokens.UserKey) && !await VerifiesAsync(token, TestTokens.M2mKey))
        {
            return Results.Json(new { detail = "Signature verification failed." }, statusCode: 401);
        }

        var body = await context.Request.ReadFromJsonAsync<JsonElement>();
        if (!body.TryGetProperty("description", out var description))
        {
            return Results.Json(new { detail = new[] { new { type = "missing", loc = new[] { "body", "description" } } } }, statusCode: 422);
        }

        Descriptions.Enqueue(description.GetString()!);
        if (!_replies.TryDequeue(out var reply))
        {
            return Results.Json(new { flow_id = FlowId, matched = true, source = "discovery", note = (string?)null });
        }

        await Task.Delay(reply.Delay, TimeProvider.System, context.RequestAborted);
        return Results.Json(reply.Body, statusCode: reply.Status);
    }

    private static async Task<bool> VerifiesAsync(string token, string key) => (await new JsonWebTokenHandler().ValidateTokenAsync(
        token,
        new TokenValidationParameters
        {
            IssuerSigningKey = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(key)),
            ValidateIssuer = false,
            ValidateAudience = false,
            ClockSkew = TimeSpan.Zero,
        })).IsValid;
}
