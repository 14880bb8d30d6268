using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Auth;

/// <summary>Which tokens open a door, at REST, and which do not.</summary>
[TestFixture]
internal sealed class TokenTests
{
    private ApiHost _host = null!;

    private static IEnumerable<TestCaseData> Bad() => HostileTokens.All("http://127.0.0.1:9/")
        .Select(hostile => new TestCaseData(hostile.Token).SetArgDisplayNames(hostile.Name));

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
}
