using System.Security.Cryptography;
using System.Text.Json;
using Conversation.Tests.Infrastructure;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Tests.Auth;

/// <summary>Tokens of every family of algorithms at a running service, and keys that are published. How these change: KeySetTests.</summary>
[TestFixture]
internal sealed class KeyFormsTests
{
    private readonly RSA _pair = RSA.Create(2048);
    private readonly RSA _otherPair = RSA.Create(2048);

    [OneTimeTearDown]
    public void Dispose()
    {
        _pair.Dispose();
        _otherPair.Dispose();
    }

    [TestCase("RS256")]
    [TestCase("RS512")]
    [TestCase("PS256")]
    [TestCase("PS384")]
    public async Task Rsa_ByPem_VerifiesItsOwnAlgorithmOnly(string algorithm)
    {
        var pem = _pair.ExportSubjectPublicKeyInfoPem();
        await using var host = await StartAsync(algorithm, pem);
        var other = algorithm.StartsWith('R') ? "PS256" : "RS256";

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(await StatusAsync(host, Sign(new RsaSecurityKey(_pair), algorithm)), Is.EqualTo(200));
            Assert.That(await StatusAsync(host, Sign(new RsaSecurityKey(_pair), other)), Is.EqualTo(401), "another algorithm");
            Assert.That(await StatusAsync(host, Sign(new RsaSecurityKey(_otherPair), algorithm)), Is.EqualTo(401), "another pair");
            Assert.That(await StatusAsync(host, RawTokens.Hmac("""{"alg":"HS256"}""", RawTokens.UserPayload, pem)), Is.EqualTo(401), "the public key as a secret");
            Assert.That(await StatusAsync(host, RawTokens.Hmac($$"""{"alg":"{{algorithm}}"}""", RawTokens.UserPayload, pem)), Is.EqualTo(401), "and under the name of the algorithm");
        });
    }

    [TestCase("ES256", "nistP256")]
    [TestCase("ES384", "nistP384")]
    [TestCase("ES512", "nistP521")]
    public async Task Curve_ByPem_Verifies(string algorithm, string curve)
    {
        using var pair = ECDsa.Create(ECCurve.CreateFromFriendlyName(curve));
        await using var host = await StartAsync(algorithm, pair.ExportSubjectPublicKeyInfoPem());

        Assert.That(await StatusAsync(host, Sign(new ECDsaSecurityKey(pair), algorithm)), Is.EqualTo(200));
    }

    [Test]
    public async Task Secret_TooShortInDevelopment_StillVerifies()
    {
        const string shortSecret = "short";
        await using var host = await StartAsync("HS256", shortSecret);
        Assert.That(await StatusAsync(host, RawTokens.Hmac("""{"alg":"HS256"}""", RawTokens.UserPayload, shortSecret)), Is.EqualTo(200));
    }

    [Test]
    public async Task Rotation_TwoSecrets_VerifyBothAndNoThird()
    {
        const string fresh = "the-new-key-0123456789-0123456789-0123456789";
        await using var host = await StartAsync("HS256", $"""["{fresh}","{TestTokens.UserKey}"]""");

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(await StatusAsync(host, TestTokens.Sign(fresh, Someone(), TestTokens.UserIssuer)), Is.EqualTo(200));
            Assert.That(await StatusAsync(host, TestTokens.User(Guid.CreateVersion7())), Is.EqualTo(200));
            Assert.That(await StatusAsync(host, TestTokens.Sign(TestTokens.M2mKey, Someone(), TestTokens.UserIssuer)), Is.EqualTo(401));
        });
    }

    [Test]
    public async Task KeySet_DownAtFirstAndAgainLater_VerifiesWhatItPublished()
    {
        await using var issuer = await FakeKeySet.StartAsync();
        issuer.IsDown = true;
        await using var host = await StartAsync("RS256", issuer.Address);
        var unreachable = await StatusAsync(host, Sign(Named(_pair, "one"), "RS256"));
        issuer.IsDown = false;
        issuer.Keys = [Published(_pair, "one"), new JsonWebKey { Kty = "oct", Kid = "secret", K = Base64UrlEncoder.Encode("x") }];

        await EventuallyAsync(async () => await StatusAsync(host, Sign(Named(_pair, "one"), "RS256")) == 200);
        var unknown = await StatusAsync(host, Sign(Named(_otherPair, "two"), "RS256"));
        issuer.IsDown = true;
        var remembered = await StatusAsync(host, Sign(Named(_pair, "one"), "RS256"));

        Assert.That((unreachable, unknown, remembered), Is.EqualTo((503, 401, 200)));
    }

    [TestCase(0, 401)]
    [TestCase(60, 200)]
    public async Task Skew_ExpiredAMomentAgo_IsForgivenOnlyIfConfigured(int seconds, int status)
    {
        await using var host = await ApiHost.StartAsync(settings => settings with { JwtClockSkewSeconds = seconds });
        var token = TestTokens.Sign(TestTokens.UserKey, Someone(), TestTokens.UserIssuer, lifetime: TimeSpan.FromSeconds(-5));
        Assert.That(await StatusAsync(host, token), Is.EqualTo(status));
    }

    [Test]
    public async Task DevelopmentToken_WhereKeysOnlyVerify_DoesNotExist()
    {
        await using var host = await StartAsync("RS256", _pair.ExportSubjectPublicKeyInfoPem());
        Assert.That(await OffersAsync(host), Is.EqualTo((404, false, false)));
    }

    [TestCase("development", 200)]
    [TestCase("testing", 404)]
    public async Task DevelopmentToken_WhereKeysSign_IsOfferedInDevelopmentOnly(string environment, int status)
    {
        await using var host = await ApiHost.StartAsync(settings => settings with { Environment = environment });
        Assert.That(await OffersAsync(host), Is.EqualTo((status, status == 200, status == 200)));
    }

    /// <summary>The route, and whether the page and the document speak of it.</summary>
    private static async Task<(int Status, bool Page, bool Document)> OffersAsync(ApiHost host)
    {
        using var client = host.As(token: null!);
        using var response = await client.Http.PostAsync($"{ApiClient.Root}/dev/token", content: null);
        var page = JsonElement.Parse(await client.Http.GetStringAsync("/page.json"));
        var document = await client.Http.GetStringAsync($"{ApiClient.Root}/openapi.json");
        return ((int)response.StatusCode, page.GetProperty("development").GetBoolean(), document.Contains("/dev/token", StringComparison.Ordinal));
    }

    private static Task<ApiHost> StartAsync(string algorithm, string key) =>
        ApiHost.StartAsync(settings => settings with { UserJwtAlgorithm = algorithm, UserJwtSecretKey = key });

    private static async Task<int> StatusAsync(ApiHost host, string token)
    {
        using var client = host.As(token);
        using var response = await client.Http.GetAsync($"{ApiClient.Root}/conversations", Patience.Token);
        return (int)response.StatusCode;
    }

    /// <summary>Asks again and again: the key set is fetched again at most every second.</summary>
    private static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        var patience = Patience.Token;
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        while (!await holds())
        {
            await beat.WaitForNextTickAsync(patience);
        }
    }

    private static string Someone() => Guid.CreateVersion7().ToString();

    private static RsaSecurityKey Named(RSA pair, string id) => new(pair) { KeyId = id };

    private static JsonWebKey Published(RSA pair, string id)
    {
        var key = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(pair.ExportParameters(includePrivateParameters: false)));
        key.Kid = id;
        return key;
    }

    private static string Sign(SecurityKey key, string algorithm) =>
        new JsonWebTokenHandler().CreateToken(RawTokens.Payload(Someone()), new SigningCredentials(key, algorithm));
}
