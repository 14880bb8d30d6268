using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Conversation.Api.Hosting;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Limits;

/// <summary>What Kestrel itself refuses: headers, hosts, slow clients, and claims of where a request comes from.</summary>
[TestFixture]
internal sealed class RequestLimitTests
{
    [Test]
    public async Task Headers_BeyondTheLimit_Are431()
    {
        await using var host = await ApiHost.StartAsync(settings => settings with { MaxHeaderBytes = 4096 });
        using var client = host.AsUser();
        client.Http.DefaultRequestHeaders.Add("X-Long", new string('x', 5000));
        using var response = await client.Http.GetAsync($"{ApiClient.Root}/health");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.RequestHeaderFieldsTooLarge));
    }

    [TestCase("api.example.com", 200)]
    [TestCase("a.sub.example.org", 200)]
    [TestCase("evil.example", 400)]
    public async Task Host_NotAllowed_IsRefused(string name, int status)
    {
        await using var host = await ApiHost.StartAsync(settings => settings with { AllowedHosts = ["api.example.com", "*.example.org"] });
        using var client = host.As(token: null!);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{ApiClient.Root}/health") { Headers = { Host = name } };
        using var response = await client.Http.SendAsync(request);

        Assert.That((int)response.StatusCode, Is.EqualTo(status));
    }

    /// <summary>A container's own health check must pass, whatever names the service is for.</summary>
    [TestCase("""["*"]""", null)]
    [TestCase("""["*.example.org", "*"]""", null)]
    [TestCase("""["api.example.com", "*.example.org"]""", "api.example.com")]
    [TestCase("""["*.example.org"]""", "probe.example.org")]
    public async Task HealthProbe_AllowedHosts_NamesOneOfThem(string allowed, string? name)
    {
        var hosts = JsonSerializer.Deserialize<string[]>(allowed)!;
        await using var host = await ApiHost.StartAsync(settings => settings with { AllowedHosts = hosts });

        Assert.That(HealthProbe.HostFor(hosts), Is.EqualTo(name));
        Assert.That(await HealthProbe.RunAsync(host.Address.ToString(), ApiHost.Settings with { AllowedHosts = hosts }), Is.Zero);
    }

    /// <summary>Slow Loris: a request line, and then nothing.</summary>
    [Test]
    public async Task Client_ThatDoesNotFinishItsHeaders_IsCutOff()
    {
        await using var host = await ApiHost.StartAsync(settings => settings with { HeaderTimeoutSeconds = 1 });

        Assert.That(await AnswerAsync(host, $"GET {ApiClient.Root}/health HTTP/1.1\r\nHost: x\r\nX-Slow: "), Does.StartWith("HTTP/1.1 408").Or.Empty);
    }

    [Test]
    public async Task Client_ThatDribblesItsBody_IsCutOff()
    {
        await using var host = await ApiHost.StartAsync(settings => settings with { MinBodyBytesPerSecond = 1_000_000 });
        var token = TestTokens.User(Guid.CreateVersion7());
        var head = $"POST {ApiClient.Root}/conversations/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            + "Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{";

        Assert.That(await AnswerAsync(host, head), Does.StartWith("HTTP/1.1 408"));
    }

    /// <summary>The budget of an address shows which one the service believes.</summary>
    [TestCase("127.0.0.1", true)]
    [TestCase("127.0.0.0/8", true)]
    [TestCase("10.0.0.7", false)]
    [TestCase(null, false)]
    public async Task ForwardedFor_IsBelievedOfConfiguredProxiesOnly(string? proxy, bool believed)
    {
        await using var host = await ApiHost.StartAsync(settings => settings with
        {
            AddressRateLimit = 2,
            TrustedProxies = proxy is null ? [] : [proxy],
        });
        var statuses = new List<int>();
        for (var i = 1; i <= 4; i++)
        {
            using var client = host.As(token: null!);
            client.Http.DefaultRequestHeaders.Add("X-Forwarded-For", $"203.0.113.{i}");
            using var response = await client.Http.GetAsync($"{ApiClient.Root}/health");
            statuses.Add((int)response.StatusCode);
        }

        Assert.That(statuses, Is.EqualTo(believed ? [200, 200, 200, 200] : new[] { 200, 200, 429, 429 }));
    }

    [Test]
    public async Task TrustedProxies_ThatAreNoAddresses_StopTheStart()
    {
        var (exitCode, output) = await ApiProcess.RunToEndAsync(new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_DATABASE_URL"] = await TestPostgres.NewDatabaseAsync(),
            ["CONVERSATION_SERVICE_TRUSTED_PROXIES"] = """["nginx"]""",
        });

        Assert.Multiple(() =>
        {
            Assert.That(exitCode, Is.EqualTo(1));
            Assert.That(output, Does.Contain("CONVERSATION_SERVICE_TRUSTED_PROXIES").And.Not.Contain("   at "));
        });
    }

    /// <summary>What the service answers to a raw request before it closes the connection.</summary>
    private static async Task<string> AnswerAsync(ApiHost host, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(host.Address.Host, host.Address.Port, Patience.Token);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), Patience.Token);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync(Patience.Token);
    }
}
