using System.Text;
using Conversation.Tests.Infrastructure;
using Microsoft.IdentityModel.Tokens;

namespace Conversation.Tests.Auth;

/// <summary>Which tokens open a door, at REST, and which do not.</summary>
[TestFixture]
internal sealed class TokenTests
{
    private static readonly string Someone = Guid.CreateVersion7().ToString();

    private ApiHost _host = null!;

    private static IEnumerable<TestCaseData> Bad()
    {
        yield return Case("garbage", "garbage");
        yield return Case("none", $"{Part("""{"alg":"none","typ":"JWT"}""")}.{Part($$"""{"sub":"{{Someone}}","exp":9999999999}""")}.");
        yield return Case("expired", TestTokens.Sign(TestTokens.UserKey, Someone, TestTokens.UserIssuer, lifetime: TimeSpan.FromMinutes(-1)));
        yield return Case("wrong key", TestTokens.Sign("another-key-0123456789-0123456789-0123456789-0123456789", Someone, TestTokens.UserIssuer));
        yield return Case("wrong issuer", TestTokens.Sign(TestTokens.UserKey, Someone, "https://elsewhere.test"));
        yield return Case("no issuer", TestTokens.Sign(TestTokens.UserKey, Someone, issuer: null));
        yield return Case("wrong audience", TestTokens.Sign(TestTokens.UserKey, Someone, TestTokens.UserIssuer, "others"));
        yield return Case("no audience", TestTokens.Sign(TestTokens.UserKey, Someone, TestTokens.UserIssuer, audience: null));
        yield return Case("another algorithm", TestTokens.Sign(
            TestTokens.UserKey, Someone, TestTokens.UserIssuer, algorithm: SecurityAlgorithms.HmacSha384));
        yield return Case("no exp", TestTokens.Sign(TestTokens.UserKey, Someone, TestTokens.UserIssuer, expires: false));
        yield return Case("no sub", TestTokens.Sign(TestTokens.UserKey, subject: null, TestTokens.UserIssuer));
        yield return Case("a user's sub that is no uuid", TestTokens.Sign(TestTokens.UserKey, "somebody", TestTokens.UserIssuer));
        yield return Case("a machine's sub that is empty", TestTokens.Sign(TestTokens.M2mKey, " ", TestTokens.M2mIssuer));
        yield return Case("user key, machine issuer", TestTokens.Sign(TestTokens.UserKey, Someone, TestTokens.M2mIssuer));
        yield return Case("machine key, user issuer", TestTokens.Sign(TestTokens.M2mKey, Someone, TestTokens.UserIssuer));

        static TestCaseData Case(string name, string token) => new TestCaseData(token).SetArgDisplayNames(name);
    }

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await ApiHost.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [TestCaseSource(nameof(Bad))]
    public async Task Rest_BadToken_IsRefused(string token)
    {
        using var client = _host.As(token);
        using var response = await client.Http.GetAsync($"{ApiClient.Root}/conversations");
        var problem = await ApiClient.ReadAsync(response, 401);

        Assert.Multiple(() =>
        {
            Assert.That(response.Headers.WwwAuthenticate.Select(header => header.Scheme), Is.EqualTo(new[] { "Bearer" }));
            Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
            Assert.That(problem.GetProperty("detail").GetString(), Is.Not.Empty);
        });
    }

    [Test]
    public async Task Rest_NoToken_IsRefused()
    {
        using var client = _host.As(token: null!);
        await client.GetAsync("/conversations", 401);
    }

    [Test]
    public async Task Rest_TokenInQuery_IsRefused()
    {
        // Only sockets and streams, whose clients cannot set headers, may carry a token where it ends up in histories and logs.
        using var client = _host.As(token: null!);
        await client.GetAsync($"/conversations?token={TestTokens.User(Guid.CreateVersion7())}", 401);
    }

    [Test]
    public async Task Rest_BothKinds_AreAccepted()
    {
        using var user = _host.AsUser();
        using var machine = _host.As(TestTokens.Machine());
        await user.GetAsync("/conversations");
        await machine.GetAsync("/conversations");
    }

    [Test]
    public async Task DevelopmentToken_OutsideDevelopment_DoesNotExist()
    {
        await using var host = await ApiHost.StartAsync(settings => settings with { Environment = "testing" });
        using var client = host.AsUser();
        using var response = await client.Http.PostAsync($"{ApiClient.Root}/dev/token", content: null);

        await ApiClient.ReadAsync(response, 404);
        Assert.That(await client.Http.GetStringAsync($"{ApiClient.Root}/openapi.json"), Does.Not.Contain("dev/token"));
    }

    [Test]
    public async Task Authenticated_AnyValidToken_ReachesEverything()
    {
        await using var host = await ApiHost.StartAsync(settings => settings with { Authorization = "authenticated" });
        using var one = host.AsUser();
        using var other = host.AsUser();
        var owner = Guid.CreateVersion7();

        var conversation = await one.CreateConversationAsync(new { owner_id = owner });

        Assert.That((await other.GetAsync($"/conversations/{conversation}")).GetProperty("owner_id").GetGuid(), Is.EqualTo(owner));
    }

    private static string Part(string json) => Base64UrlEncoder.Encode(Encoding.UTF8.GetBytes(json));
}
