using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Security.Cryptography;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Tests.Auth;

/// <summary>A public key, which everybody has, used as if it were a secret: at every door of a service that verifies by RS256.</summary>
[TestFixture]
internal sealed class KeyConfusionTests
{
    private const string Hs256 = """{"alg":"HS256","typ":"JWT"}""";
    private const string Rs256 = """{"alg":"RS256","typ":"JWT"}""";

    private readonly RSA _pair = RSA.Create(2048);
    private ApiHost _host = null!;
    private ApiClient _user = null!;
    private Guid _conversation;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        var pem = _pair.ExportSubjectPublicKeyInfoPem();
        _host = await ApiHost.StartAsync(settings => settings with
        {
            UserJwtAlgorithm = "RS256",
            UserJwtSecretKey = pem,
            M2mJwtAlgorithm = "RS256",
            M2mJwtSecretKey = pem,
        });
        _user = _host.As(new JsonWebTokenHandler().CreateToken(
            RawTokens.UserPayload, new SigningCredentials(new RsaSecurityKey(_pair), SecurityAlgorithms.RsaSha256)));
        _conversation = await _user.CreateConversationAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _user?.Dispose();
        await _host.DisposeAsync();
        _pair.Dispose();
    }

    [Test]
    public async Task Endpoints_PublicKeyAsASecret_Answer401()
    {
        using var nobody = _host.As(token: null!);
        var asked = 0;
        foreach (var (method, path) in Endpoints())
        {
            foreach (var (name, token) in Confused())
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                using var response = await nobody.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Patience.Token);
                Assert.That((int)response.StatusCode, Is.EqualTo(401), $"{method} {path} with {name}");
                asked++;
            }
        }

        Assert.That(asked, Is.GreaterThan(100));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Sockets_PublicKeyAsASecret_AreRefusedBeforeTheUpgrade(bool inQuery)
    {
        foreach (var (path, parameter) in new[] { ($"/ws/conversations/{_conversation}", "token"), ("/hubs/conversations", "access_token") })
        {
            foreach (var (name, token) in Confused())
            {
                using var socket = new ClientWebSocket();
                socket.Options.CollectHttpResponseDetails = true;
                if (!inQuery)
                {
                    socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
                }

                var address = new UriBuilder(_host.Address)
                {
                    Scheme = "ws",
                    Path = ApiClient.Root + path,
                    Query = inQuery ? $"{parameter}={token}" : "",
                };
                await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address.Uri, Patience.Token));
                Assert.That(socket.HttpStatusCode, Is.EqualTo(HttpStatusCode.Unauthorized), $"{path} with {name}");
            }
        }
    }

    [Test]
    public async Task Auth_PublicKeyAsASecret_IsRefusedInBand()
    {
        await using var socket = await V2Socket.ConnectAsync(_user, _conversation, position: null);
        foreach (var (name, token) in Confused())
        {
            await socket.SendAsync(new { type = "auth", id = name, token });
            Assert.That((await socket.ReplyAsync(name)).GetProperty("status").GetInt32(), Is.EqualTo(401), name);
        }
    }

    /// <summary>In each form that a careless verifier may take the key's text or bytes in, as a user's token and as a machine's.</summary>
    private IEnumerable<(string Name, string Token)> Confused()
    {
        var pem = _pair.ExportSubjectPublicKeyInfoPem();
        var machine = RawTokens.Payload("machine", issuer: TestTokens.M2mIssuer);
        foreach (var (form, key) in new[]
        {
            ("PEM", pem), ("PEM and a line's end", $"{pem}\n"), ("Base64", Convert.ToBase64String(_pair.ExportSubjectPublicKeyInfo())),
            ("PKCS#1", _pair.ExportRSAPublicKeyPem()),
        })
        {
            foreach (var (header, algorithm) in new[] { (Hs256, "HS256"), (Rs256, "RS256") })
            {
                yield return ($"{form} as {algorithm}", RawTokens.Hmac(header, RawTokens.UserPayload, key));
                yield return ($"a machine's {form} as {algorithm}", RawTokens.Hmac(header, machine, key));
            }
        }
    }

    /// <summary>All that are not for everybody.</summary>
    private IEnumerable<(string Method, string Path)> Endpoints() => _host.Services.GetServices<EndpointDataSource>()
        .SelectMany(source => source.Endpoints)
        .OfType<RouteEndpoint>()
        .Where(endpoint => endpoint.RoutePattern.RawText is { } route
            && !route.Contains("/health", StringComparison.Ordinal) && !route.Contains("/dev/", StringComparison.Ordinal))
        .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [])
            .Where(method => method != "OPTIONS")
            .DefaultIfEmpty("GET")
            .Select(method => (method, "/" + Filled(endpoint.RoutePattern.RawText!.Trim('/')))))
        .Distinct();

    private string Filled(string route) => route
        .Replace("{conversationId}", _conversation.ToString(), StringComparison.Ordinal)
        .Replace("{messageId}", _conversation.ToString(), StringComparison.Ordinal)
        .Replace("{runId}", _conversation.ToString(), StringComparison.Ordinal);
}
