using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.Realtime;

/// <summary>Where the service speaks TLS itself, clients choose HTTP/2, browsers for their WebSockets too (RFC 8441).</summary>
[TestFixture]
internal sealed class HttpTwoTests
{
    private readonly X509Certificate2 _certificate = SelfSigned();
    private ApiHost _host = null!;
    private HttpClient _http = null!;
    private string _token = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync(services: services => services.Configure<KestrelServerOptions>(
            kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.UseHttps(_certificate))));
        _token = TestTokens.User(Guid.CreateVersion7());
        var handler = new SocketsHttpHandler();
        // It is nobody's, and this client asks nobody else.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            certificate?.GetCertHashString() == _certificate.GetCertHashString();
        _http = new HttpClient(handler)
        {
            BaseAddress = _host.Address,
            Timeout = Patience.Limit,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _token);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
        _certificate.Dispose();
    }

    [Test]
    public async Task Message_SentByHttp2_IsHeardByServerSentEventsOfTheSameConnection()
    {
        var conversation = await CreateAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{ApiClient.Root}/conversations/{conversation}/events")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var stream = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Patience.Token);
        using var lines = new StreamReader(await stream.Content.ReadAsStreamAsync(Patience.Token));

        await SendAsync(conversation);

        string? line;
        do
        {
            line = await lines.ReadLineAsync(Patience.Token);
        }
        while (line?.Contains("over two", StringComparison.Ordinal) == false);

        Assert.That(line, Is.Not.Null, "The stream ended.");
        Assert.That(stream.Version, Is.EqualTo(HttpVersion.Version20));
    }

    [TestCase("conversation.v2")]
    [TestCase(null)]
    public async Task Message_SentByHttp2_IsHeardByASocketInsideHttp2(string? protocol)
    {
        var conversation = await CreateAsync();
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        if (protocol is not null)
        {
            socket.Options.AddSubProtocol(protocol);
        }

        var address = new UriBuilder(_host.Address)
        {
            Scheme = "wss",
            Path = $"{ApiClient.Root}/ws/conversations/{conversation}",
            Query = $"token={_token}",
        };
        await socket.ConnectAsync(address.Uri, _http, Patience.Token);

        await SendAsync(conversation);

        Assert.That(socket.SubProtocol, Is.EqualTo(protocol));
        while (!(await FrameAsync(socket)).Contains("complete", StringComparison.Ordinal))
        {
        }
    }

    private static async Task<string> FrameAsync(ClientWebSocket socket)
    {
        var buffer = new byte[64 * 1024];
        var received = await socket.ReceiveAsync(buffer, Patience.Token);
        Assert.That(received.MessageType, Is.EqualTo(WebSocketMessageType.Text));
        return Encoding.UTF8.GetString(buffer, 0, received.Count);
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private async Task<Guid> CreateAsync()
    {
        using var response = await _http.PostAsJsonAsync($"{ApiClient.Root}/conversations/", new { title = "Two" });
        return (await ApiClient.ReadAsync(response, 201)).GetProperty("id").GetGuid();
    }

    private async Task SendAsync(Guid conversation)
    {
        using var response = await _http.PostAsJsonAsync(
            $"{ApiClient.Root}/conversations/{conversation}/messages", new { role = "user", content = "over two", run = true });
        await ApiClient.ReadAsync(response, 201);
    }
}
