using System.Net;
using System.Text.Json;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Http.Connections.Client;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.Limits;

/// <summary>How much one client may ask for, at every door.</summary>
[TestFixture]
internal sealed class RateLimitTests
{
    private const int Budget = 30;

    /// <summary>Of which nothing comes back while a test looks at a refusal.</summary>
    private const int SmallBudget = 4;

    private static readonly TimeSpan SmallRefill = TimeSpan.FromMinutes(1) / SmallBudget;

    private ApiHost _host = null!;
    private ApiHost _small = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync(settings => settings with { RateLimit = Budget });
        _small = await ApiHost.StartAsync(settings => settings with { RateLimit = SmallBudget });
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _small.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Test]
    public async Task Requests_BeyondTheBudget_Are429WithRetryAfterAndAProblem()
    {
        using var client = _small.AsUser();

        var statuses = await SpendAsync(client, SmallBudget);
        using var refused = await client.Http.GetAsync($"{ApiClient.Root}/conversations/");
        var problem = await ApiClient.ReadAsync(refused, 429);

        Assert.Multiple(() =>
        {
            Assert.That(statuses, Is.All.EqualTo(HttpStatusCode.OK));
            Assert.That(refused.Headers.RetryAfter?.Delta, Is.InRange(TimeSpan.FromSeconds(1), SmallRefill));
            Assert.That(refused.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
            Assert.That(problem.GetProperty("detail").GetString(), Does.Contain("budget"));
            Assert.That(problem.GetProperty("status").GetInt32(), Is.EqualTo(429));
        });
    }

    [TestCase("text/html")]
    [TestCase("text/event-stream")]
    public async Task Requests_BeyondTheBudgetThatAcceptNoJson_AreRefusedAlike(string accepted)
    {
        using var client = _small.AsUser();
        client.Http.DefaultRequestHeaders.Add("Accept", accepted);
        await SpendAsync(client, SmallBudget);

        using var refused = await client.Http.PostAsync($"{ApiClient.Root}/hubs/conversations/negotiate?negotiateVersion=1", content: null);
        var problem = await ApiClient.ReadAsync(refused, 429);

        Assert.Multiple(() =>
        {
            Assert.That(refused.Headers.RetryAfter?.Delta, Is.InRange(TimeSpan.FromSeconds(1), SmallRefill));
            Assert.That(problem.GetProperty("detail").GetString(), Does.Contain("budget"));
        });
    }

    /// <summary>It asks anew for each piece of text.</summary>
    [Test]
    public async Task Polls_OfAHub_AreNoRequests()
    {
        using var client = _host.AsUser();
        var conversation = await client.CreateConversationAsync(ApiClient.Endless);
        var polls = 0;
        await using var hub = await HubClient.ConnectAsync(
            client,
            builder => builder.Services.Configure<HttpConnectionOptions>(
                options => options.HttpMessageHandlerFactory = inner => new PollCounter(() => Interlocked.Increment(ref polls)) { InnerHandler = inner }),
            HttpTransportType.LongPolling);
        var run = (await client.SayAsync(conversation, "Hello")).GetProperty("run_id").GetGuid();

        // Were they requests, the stream would break off before.
        await foreach (var _ in hub.Connection.StreamAsync<JsonElement>("Follow", conversation, (string?)null, Patience.Token))
        {
            if (Volatile.Read(ref polls) > 2 * Budget)
            {
                break;
            }
        }

        Assert.That(polls, Is.GreaterThan(2 * Budget));
        await client.CancelAsync(run);
    }

    [Test]
    public async Task Requests_OfAnotherPrincipal_HaveABudgetOfTheirOwn()
    {
        using var client = _host.AsUser();
        using var other = _host.AsUser();
        await SpendAsync(client, Budget + 1);

        Assert.That(await SpendAsync(other, Budget), Is.All.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Requests_WithoutAPrincipal_SpendNothing()
    {
        using var nobody = _host.As(token: null!);
        for (var i = 0; i < Budget * 2; i++)
        {
            await nobody.GetAsync("/health");
        }
    }

    [Test]
    public async Task Requests_AfterAWhile_AreServedAgain()
    {
        using var client = _host.AsUser();
        var patience = Patience.Token;
        while ((await SpendAsync(client, 1))[0] != HttpStatusCode.TooManyRequests)
        {
            Assert.That(patience.IsCancellationRequested, Is.False, "It was never refused.");
        }

        while ((await SpendAsync(client, 1))[0] == HttpStatusCode.TooManyRequests)
        {
            Assert.That(patience.IsCancellationRequested, Is.False);
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
        }
    }

    [Test]
    public async Task HubAndSocket_SpendTheSameBudget()
    {
        using var client = _small.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var hub = await HubClient.ConnectAsync(
            client, builder => builder.Services.Configure<HttpConnectionOptions>(options => options.SkipNegotiation = true), HttpTransportType.WebSockets);
        await using var socket = await V2Socket.ConnectAsync(client, conversation, position: null);
        await SpendAsync(client, SmallBudget);

        var invocation = await Assert.ThrowsAsync<HubException>(() => hub.Connection.InvokeAsync("JoinConversation", conversation, Patience.Token));
        await socket.SendAsync(new { type = "ping", id = "p" });
        var reply = await socket.ReplyAsync("p");

        Assert.Multiple(() =>
        {
            Assert.That(invocation!.Message, Does.Contain("budget"));
            Assert.That(reply.GetProperty("status").GetInt32(), Is.EqualTo(429));
            Assert.That(reply.GetProperty("type").GetString(), Is.EqualTo("error"));
        });
    }

    /// <summary>The dialect has no refusal: every echo comes, but no faster than the budget.</summary>
    [Test]
    public async Task LegacySocket_BeyondTheBudget_IsReadMoreSlowlyAndLosesNothing()
    {
        await using var host = await ApiHost.StartAsync(settings => settings with { RateLimit = 600 });
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        await socket.NextAsync();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0; i < 610; i++)
        {
            await socket.SendAsync($"{i}");
        }

        for (var i = 0; i < 610; i++)
        {
            Assert.That((await socket.NextAsync())!.Value.GetProperty("content").GetString(), Is.EqualTo($"{i}"));
        }

        Assert.That(clock.Elapsed, Is.GreaterThan(TimeSpan.FromMilliseconds(900)), "Twelve beyond the budget of 598, at ten a second.");
    }

    [Test]
    public async Task Addresses_BeyondTheirBudget_Are429WithoutAToken()
    {
        await using var host = await ApiHost.StartAsync(settings => settings with { AddressRateLimit = 5 });
        using var nobody = host.As(token: null!);
        for (var i = 0; i < 5; i++)
        {
            await nobody.GetAsync("/health");
        }

        await nobody.GetAsync("/health", 429);
    }

    private static async Task<List<HttpStatusCode>> SpendAsync(ApiClient client, int requests)
    {
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < requests; i++)
        {
            using var response = await client.Http.GetAsync($"{ApiClient.Root}/conversations/");
            statuses.Add(response.StatusCode);
        }

        return statuses;
    }

    private sealed class PollCounter(Action count) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Method == HttpMethod.Get)
            {
                count();
            }

            return base.SendAsync(request, cancellationToken);
        }
    }
}
