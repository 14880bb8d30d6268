using System.Net.Http.Headers;
using System.Net.Http.Json;
using Conversation.Api.Machines;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conversation.Tests.Machines;

/// <summary>The service's own token: fetched, kept, renewed, and gone without.</summary>
[TestFixture]
internal sealed class MachineTokensTests
{
    private const string Route = "POST /auth/token";

    private FakeAuthService _auth = null!;
    private JumpingTime _time = null!;
    private FakeClient _client = null!;
    private ClientCredentials? _readAgain;

    [SetUp]
    public async Task StartAsync()
    {
        _auth = await FakeAuthService.StartAsync();
        _time = new JumpingTime();
        _client = _auth.AddClient("conversation-service-client");
        _readAgain = null;
    }

    [TearDown]
    public async Task StopAsync() => await _auth.DisposeAsync();

    [Test]
    public async Task Get_Again_IsKeptUntilShortlyBeforeItExpires()
    {
        var tokens = Tokens();
        var first = await tokens.GetAsync(Patience.Token);
        _time.Advance(TimeSpan.FromSeconds(1704));
        var second = await tokens.GetAsync(Patience.Token);
        _time.Advance(TimeSpan.FromSeconds(2));
        var third = await tokens.GetAsync(Patience.Token);

        Assert.That(second, Is.EqualTo(first).And.Not.Null);
        Assert.That(third, Is.Not.EqualTo(first).And.Not.Null);
        Assert.That(_auth.Count(Route), Is.EqualTo(2));
    }

    [Test]
    public async Task Get_ShortLived_IsUsedForMostOfItsLife()
    {
        _auth.TokenLifetimeSeconds = 5;
        var tokens = Tokens();
        var first = await tokens.GetAsync(Patience.Token);
        _time.Advance(TimeSpan.FromSeconds(3.9));
        var second = await tokens.GetAsync(Patience.Token);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        var third = await tokens.GetAsync(Patience.Token);

        Assert.That((second == first, third == first), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task Get_ManyAtOnce_AskOnce()
    {
        var tokens = Tokens();
        var all = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => tokens.GetAsync(Patience.Token)));
        Assert.That(all.Distinct().Count(), Is.EqualTo(1));
        Assert.That(_auth.Count(Route), Is.EqualTo(1));
    }

    [Test]
    public async Task Get_FirstCallerLeaves_TheOthersStillGetIt()
    {
        var gate = new TaskCompletionSource();
        _auth.Script(Route, async (_, next) =>
        {
            await gate.Task;
            await next();
        });
        var tokens = Tokens();
        using var leaving = new CancellationTokenSource();
        var first = tokens.GetAsync(leaving.Token);
        var second = tokens.GetAsync(Patience.Token);
        await leaving.CancelAsync();
        await Assert.CatchAsync<OperationCanceledException>(() => first);
        gate.SetResult();

        Assert.That(await second, Is.Not.Null);
    }

    [Test]
    public async Task Get_Limited_IsGoneWithoutAndNotAskedForAMinute()
    {
        _auth.Limit(Route);
        var tokens = Tokens();

        var limited = await tokens.GetAsync(Patience.Token);
        _time.Advance(TimeSpan.FromSeconds(59));
        var soon = await tokens.GetAsync(Patience.Token);
        var asked = _auth.Count(Route);
        _time.Advance(TimeSpan.FromSeconds(7));
        var later = await tokens.GetAsync(Patience.Token);

        Assert.That((limited, soon, asked), Is.EqualTo(((string?)null, (string?)null, 1)));
        Assert.That(later, Is.Not.Null);
    }

    /// <summary>One refusal, as of a service that is being deployed, leaves no moment without a token.</summary>
    [Test]
    public async Task Get_RenewalIsRefusedOnce_IsAskedForAgainBeforeTheOldOneExpires()
    {
        var tokens = Tokens();
        var first = await tokens.GetAsync(Patience.Token);
        _time.Advance(TimeSpan.FromSeconds(1706));
        _auth.Script(Route, 429, new { error = "Rate limit exceeded: 10 per 1 minute" });
        var given = new List<string?>();
        for (var second = 1706; second < 1810; second++)
        {
            given.Add(await tokens.GetAsync(Patience.Token));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.That(given, Has.None.Null);
        Assert.That((given[0], given[^1] == first), Is.EqualTo((first, false)));
        Assert.That(_auth.Count(Route), Is.EqualTo(3));
    }

    [Test]
    public async Task Get_RenewalFails_TheOldOneIsUsedToItsEnd()
    {
        var tokens = Tokens();
        var first = await tokens.GetAsync(Patience.Token);
        _time.Advance(TimeSpan.FromSeconds(1775));
        _auth.Script(Route, 429, new { error = "Rate limit exceeded: 10 per 1 minute" });
        var stillGood = await tokens.GetAsync(Patience.Token);
        _time.Advance(TimeSpan.FromSeconds(26));
        var expired = await tokens.GetAsync(Patience.Token);

        Assert.That((stillGood, expired), Is.EqualTo((first, (string?)null)));
    }

    [TestCase(401, """{"detail":"Invalid client credentials."}""")]
    [TestCase(422, """{"detail":[{"type":"missing","loc":["body","client_id"]}]}""")]
    [TestCase(200, """{"token_type":"Bearer"}""")]
    [TestCase(200, "<html>")]
    [TestCase(500, "Internal Server Error")]
    public async Task Get_NoTokenInTheAnswer_IsGoneWithout(int status, string body)
    {
        _auth.Script(Route, async (context, _) =>
        {
            context.Response.StatusCode = status;
            await context.Response.WriteAsync(body);
        });
        Assert.That(await Tokens().GetAsync(Patience.Token), Is.Null);
    }

    [Test]
    public async Task Get_Inactive_IsGoneWithout()
    {
        _client.IsActive = false;
        Assert.That(await Tokens().GetAsync(Patience.Token), Is.Null);
    }

    /// <summary>Python's name of it, which .NET does not know.</summary>
    [Test]
    public async Task Get_CharacterSetUnknown_IsReadAsUtf8()
    {
        _auth.Script(Route, async (context, _) =>
        {
            context.Response.ContentType = "application/json; charset=utf8";
            await context.Response.WriteAsync("""{"access_token":"a.b.c","expires_in":1800}""");
        });
        Assert.That(await Tokens().GetAsync(Patience.Token), Is.EqualTo("a.b.c"));
    }

    [Test]
    public async Task Get_SecretWasRotated_TheNewOneIsReadAndUsed()
    {
        var fresh = _auth.AddClient("new");
        _auth.Clients.Remove(_client);
        _readAgain = new ClientCredentials(fresh.Id, fresh.Secret);

        Assert.That(await Tokens().GetAsync(Patience.Token), Is.Not.Null);
        Assert.That(_auth.Count(Route), Is.EqualTo(2));
    }

    [Test]
    public async Task Get_BootstrapRanAfterTheStart_ItsCredentialsAreRead()
    {
        _readAgain = new ClientCredentials(_client.Id, _client.Secret);
        Assert.That(await Tokens(configured: false).GetAsync(Patience.Token), Is.Not.Null);
    }

    [Test]
    public async Task Get_NothingConfigured_AsksNobody()
    {
        Assert.That(await Tokens(configured: false).GetAsync(Patience.Token), Is.Null);
        Assert.That(_auth.Requests, Is.Empty);
    }

    [Test]
    public async Task Get_NobodyThere_IsGoneWithoutAndTriedAgainSoon()
    {
        var tokens = Tokens();
        _auth.Script(Route, (context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        });

        var away = await tokens.GetAsync(Patience.Token);
        var atOnce = await tokens.GetAsync(Patience.Token);
        _time.Advance(TimeSpan.FromSeconds(6));

        Assert.That((away, atOnce), Is.EqualTo(((string?)null, (string?)null)));
        Assert.That(await tokens.GetAsync(Patience.Token), Is.Not.Null);
    }

    [Test]
    public async Task Token_AtTheAgentRuntime_IsAccepted()
    {
        await using var runtime = await FakeAgentRuntime.StartAsync();
        using var http = new HttpClient { BaseAddress = runtime.Address };
        using var refused = await http.PostAsJsonAsync("/api/v1/agents/provision", new { description = "a flow" });
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await Tokens().GetAsync(Patience.Token));
        using var accepted = await http.PostAsJsonAsync("/api/v1/agents/provision", new { description = "a flow" });

        await ApiClient.ReadAsync(refused, 401);
        var found = await ApiClient.ReadAsync(accepted, 200);
        Assert.That(found.GetProperty("flow_id").GetString(), Is.EqualTo(runtime.FlowId));
    }

    private MachineTokens Tokens(bool configured = true)
    {
        var settings = ApiHost.Settings with
        {
            AuthServiceUrl = _auth.Address,
            ClientId = configured ? _client.Id : null,
            ClientSecret = configured ? _client.Secret : null,
        };
        return new MachineTokens(
            settings, new TokenEndpoint(new HttpClient(), settings), () => _readAgain, _time, NullLogger<MachineTokens>.Instance);
    }
}
