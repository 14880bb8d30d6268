using Conversation.Api.Health;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.Observability;

[TestFixture]
internal sealed class RequestIdTests
{
    private ApiHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await ApiHost.StartAsync(
        settings => settings with { CorsAllowOrigins = ["https://app.example"] },
        services => services.AddSingleton<Readiness>(_ => throw new InvalidOperationException("Broken.")));

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [TestCase("my-request-7", true)]
    [TestCase("bad id", false)]
    [TestCase("", false)]
    public async Task RequestId_SentOrNot_IsEchoedIfFitAndMadeOtherwise(string sent, bool echoed)
    {
        using var client = _host.As(token: null!);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{ApiClient.Root}/health");
        request.Headers.TryAddWithoutValidation("X-Request-ID", sent.Length == 0 ? "-" : sent);
        using var response = await client.Http.SendAsync(request);

        var id = response.Headers.GetValues("X-Request-ID").Single();

        Assert.That(id, echoed ? Is.EqualTo(sent) : Is.Not.Empty.And.Not.EqualTo(sent));
    }

    [TestCase("conversations/01890000-0000-7000-8000-000000000000", 404)]
    [TestCase("conversations?limit=none", 422)]
    [TestCase("health/ready", 500)]
    public async Task RequestId_OfARequestThatFails_IsEchoedAsWell(string path, int status)
    {
        using var client = _host.AsUser();
        client.Http.DefaultRequestHeaders.Add("X-Request-ID", "my-request-7");
        using var response = await client.Http.GetAsync($"{ApiClient.Root}/{path}");

        Assert.That((int)response.StatusCode, Is.EqualTo(status));
        Assert.That(response.Headers.TryGetValues("X-Request-ID", out var ids) ? ids : [], Is.EqualTo(new[] { "my-request-7" }));
    }

    [TestCase("https://app.example", true)]
    [TestCase("https://evil.example", false)]
    public async Task Cors_Origin_IsAllowedOnlyIfListed(string origin, bool allowed)
    {
        using var client = _host.As(token: null!);
        using var request = new HttpRequestMessage(HttpMethod.Options, $"{ApiClient.Root}/conversations")
        {
            Headers = { { "Origin", origin }, { "Access-Control-Request-Method", "POST" } },
        };
        using var response = await client.Http.SendAsync(request);

        Assert.That(response.Headers.Contains("Access-Control-Allow-Origin"), Is.EqualTo(allowed));
    }

    [Test]
    public async Task Socket_FromAForeignOrigin_IsRefused()
    {
        using var client = _host.AsUser();
        var conversation = await client.CreateConversationAsync();
        using var socket = new System.Net.WebSockets.ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {client.Token}");
        socket.Options.SetRequestHeader("Origin", "https://evil.example");
        var address = new UriBuilder(_host.Address) { Scheme = "ws", Path = $"{ApiClient.Root}/ws/conversations/{conversation}" }.Uri;

        var error = await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(() => socket.ConnectAsync(address, Patience.Token));

        Assert.That(error!.Message, Does.Contain("403"));
    }
}
