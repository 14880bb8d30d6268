using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Observability;

[TestFixture]
internal sealed class RequestIdTests
{
    private ApiHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await ApiHost.StartAsync(
        settings => settings with { CorsAllowOrigins = ["https://app.example"] });

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
