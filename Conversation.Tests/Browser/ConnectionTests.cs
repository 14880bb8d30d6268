using Conversation.Api.AgentRuntimes;
using Conversation.Tests.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Playwright;
using static Conversation.Tests.Browser.ChatPage;

namespace Conversation.Tests.Browser;

/// <summary>Two tabs, reloads, cut and slow networks: nothing is lost, nothing comes twice.</summary>
[TestFixture]
internal sealed class ConnectionTests : BrowserFixture
{
    private const string Question = "Please say enough that there is time to do something while you are still at it, and then some more.";

    private readonly HeldRuntime _runtime = new();

    [SetUp]
    public void LetRuntimeGo() => _runtime.Release();

    [Test]
    public async Task Tabs_BothWrite_SeeTheSame()
    {
        _runtime.Hold();
        var one = await OpenAsync();
        await one.SayAsync(Question);
        await one.UntilStreamingAsync();
        var two = await OpenAsync($"/?c={one.ConversationId}");
        await two.SayAsync("And from the second tab");
        _runtime.Release();
        await one.UntilAnsweredAsync(2);
        await two.UntilAnsweredAsync(2);
        using var client = await SameUserAsync();
        var stored = await StoredAsync(client, one.ConversationId);

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(await one.TextsAsync(), Is.EqualTo(stored));
            Assert.That(await two.TextsAsync(), Is.EqualTo(stored));
        });
    }

    [Test]
    public async Task Reload_InMidAnswer_GoesOn()
    {
        _runtime.Hold();
        var chat = await OpenAsync();
        await chat.SayAsync(Question);
        await chat.UntilStreamingAsync();
        await chat.Page.ReloadAsync();
        await chat.UntilStreamingAsync();
        _runtime.Release();
        await chat.UntilAnsweredAsync();
        using var client = await SameUserAsync();

        Assert.That(await chat.TextsAsync(), Is.EqualTo(await StoredAsync(client, chat.ConversationId)));
    }

    [Test]
    public async Task Offline_InMidAnswerAndWriting_NothingLostNothingDoubled()
    {
        WasCut = true;
        _runtime.Hold();
        var chat = await OpenAsync();
        await chat.SayAsync(Question);
        await chat.UntilStreamingAsync();
        await Context.SetOfflineAsync(true);
        await Expect(chat.State).ToContainTextAsync("You are offline");
        _runtime.Release();
        await chat.SayAsync("Written in a tunnel");
        await chat.SayAsync("And another one");
        await Expect(chat.Unsent).ToHaveCountAsync(2);
        await Expect(chat.Unsent.First).ToContainTextAsync("Not sent yet.");

        await Context.SetOfflineAsync(false);
        await chat.UntilAnsweredAsync(3);
        await Expect(chat.Unsent).ToHaveCountAsync(0);
        await Expect(chat.State).ToHaveTextAsync("Connected");
        using var client = await SameUserAsync();
        var stored = await StoredAsync(client, chat.ConversationId);

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(await chat.TextsAsync(), Is.EqualTo(stored));
            Assert.That(stored.Count(text => text is "Written in a tunnel" or "And another one"), Is.EqualTo(2));
        });
    }

    [Test]
    public async Task Unsent_TabClosedWhileOffline_IsSentByTheNext()
    {
        WasCut = true;
        var chat = await OpenAsync();
        await chat.SayAsync("First");
        await chat.UntilAnsweredAsync();
        var conversation = chat.ConversationId;
        await Context.SetOfflineAsync(true);
        await chat.SayAsync("Left behind");
        await Expect(chat.Unsent).ToHaveCountAsync(1);
        await chat.Page.CloseAsync();

        await Context.SetOfflineAsync(false);
        var next = await OpenAsync($"/?c={conversation}");
        await next.UntilAnsweredAsync(2);
        using var client = await SameUserAsync();

        Assert.That((await StoredAsync(client, conversation)).Count(text => text == "Left behind"), Is.EqualTo(1));
    }

    [Test]
    public async Task Send_ReplyLost_IsRepeatedWithItsKeyAndStoredOnce()
    {
        WasCut = true;
        // Without the feed, which would show the message and so end the repeats.
        await Context.RouteAsync("**/hubs/**", route => route.AbortAsync());
        var chat = await OpenAsync();
        await chat.SayAsync("First");
        // Whether the answer is shown depends on when the page first read what there is.
        await Expect(chat.Questions).ToHaveCountAsync(1);
        var keys = new List<string>();
        await Context.RouteAsync("**/messages", async route =>
        {
            if (route.Request.Method != "POST")
            {
                await route.ContinueAsync();
                return;
            }

            keys.Add(System.Text.Json.JsonElement.Parse(route.Request.PostData!).GetProperty("client_message_id").GetString()!);
            var response = await route.FetchAsync();
            await (keys.Count <= 2 ? route.AbortAsync() : route.FulfillAsync(new RouteFulfillOptions { Response = response }));
        });
        await chat.SayAsync("Sent thrice, stored once");
        await Expect(chat.Questions).ToHaveCountAsync(2);
        await Expect(chat.Unsent).ToHaveCountAsync(0);
        using var client = await SameUserAsync();

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(keys, Has.Count.EqualTo(3));
            Assert.That(keys.Distinct().Count(), Is.EqualTo(1));
            Assert.That((await StoredAsync(client, chat.ConversationId)).Count(text => text == "Sent thrice, stored once"), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Network_Slow_EverythingArrives()
    {
        var chat = await OpenAsync();
        var network = await Context.NewCDPSessionAsync(chat.Page);
        await network.SendAsync("Network.enable");
        await network.SendAsync("Network.emulateNetworkConditions", new Dictionary<string, object>
        {
            ["offline"] = false,
            ["latency"] = 400,
            ["downloadThroughput"] = 20_000,
            ["uploadThroughput"] = 10_000,
        });
        await chat.SayAsync(Question);
        await chat.UntilAnsweredAsync();
        using var client = await SameUserAsync();

        Assert.That(await chat.TextsAsync(), Is.EqualTo(await StoredAsync(client, chat.ConversationId)));
    }

    protected override Task<ApiHost> StartAsync() => ApiHost.StartAsync(
        services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(_runtime));
}
