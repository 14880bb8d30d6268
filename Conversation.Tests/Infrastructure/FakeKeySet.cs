using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Tests.Infrastructure;

/// <summary>An issuer that publishes its keys as a JWKS document, or, while it is down, does not.</summary>
internal sealed class FakeKeySet : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeKeySet(WebApplication app) => _app = app;

    public IReadOnlyList<JsonWebKey> Keys { get; set; } = [];

    public bool IsDown { get; set; }

    /// <summary>How often it was asked.</summary>
    public int Requests { get; private set; }

    /// <summary>What every answer waits for. Default nothing.</summary>
    public Task Answering { get; set; } = Task.CompletedTask;

    public string Address => $"{_app.Urls.First()}/jwks.json";

    public static async Task<FakeKeySet> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var fake = new FakeKeySet(app);
        app.MapGet("/jwks.json", fake.AnswerAsync);
        await app.StartAsync();
        return fake;
    }

    private async Task<IResult> AnswerAsync()
    {
        Requests++;
        await Answering;
        return IsDown
            ? Results.StatusCode(StatusCodes.Status503ServiceUnavailable)
            : Results.Json(new
            {
                keys = Keys.Select(key => new { kty = key.Kty, kid = key.Kid, n = key.N, e = key.E, crv = key.Crv, x = key.X, y = key.Y, k = key.K }),
            });
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
