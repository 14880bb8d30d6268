using Conversation.Api.AgentRuntimes;
using Conversation.Tests.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Playwright;
using static Conversation.Tests.Browser.ChatPage;

namespace Conversation.Tests.Browser;

/// <summary>What someone does who has just started the service.</summary>
[TestFixture]
internal sealed class FirstVisitTests : BrowserFixture
{
    private readonly HeldRuntime _runtime = new();

    [SetUp]
    public void LetRuntimeGo() => _runtime.Release();

    [Test]
    public async Task Message_OnFirstVisit_IsAnsweredWordByWord()
    {
        _runtime.Hold();
        var chat = await OpenAsync();
        await chat.SayAsync("Hello there");
        await chat.UntilStreamingAsync();
        var early = (await chat.TextsAsync())[^1];
        _runtime.Release();
        await chat.UntilAnsweredAsync();
        using var client = await SameUserAsync();

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(await chat.TextsAsync(), Is.EqualTo(await StoredAsync(client, chat.ConversationId)));
            Assert.That((await chat.TextsAsync())[^1], Does.StartWith(early).And.Length.GreaterThan(early.Length));
            Assert.That(await chat.Page.TitleAsync(), Is.EqualTo("Hello there · Conversation"));
        });
        await Expect(chat.State).ToHaveTextAsync("Connected");
        await Expect(chat.Page.Locator("#list a[aria-current]")).ToContainTextAsync("Hello there");
    }

    [Test]
    public async Task Send_DoubleClick_StoresOneMessage()
    {
        var chat = await OpenAsync();
        await chat.Text.FillAsync("Only once");
        await chat.Send.DblClickAsync();
        await chat.UntilAnsweredAsync();
        using var client = await SameUserAsync();

        Assert.That(await client.MessagesAsync(chat.ConversationId), Has.Count.EqualTo(2));
        await Expect(chat.Messages).ToHaveCountAsync(2);
    }

    [Test]
    public async Task Conversation_RenameAndDelete_AreSeenEverywhere()
    {
        var chat = await OpenAsync();
        await chat.SayAsync("A first name");
        await chat.UntilAnsweredAsync();
        var other = await OpenAsync();
        await Expect(other.Page.Locator("#list")).ToContainTextAsync("A first name");

        await ButtonAsync(chat, "Rename");
        await chat.Page.GetByLabel("Title").FillAsync("A second name");
        await chat.Page.Locator("dialog button[type=submit]").ClickAsync();
        await Expect(chat.Page.Locator("h1")).ToHaveTextAsync("A second name");
        await Expect(other.Page.Locator("#list")).ToContainTextAsync("A second name");

        await ButtonAsync(chat, "Delete");
        await chat.Page.Locator("dialog button[type=submit]").ClickAsync();
        await Expect(chat.Page.Locator("h1")).ToHaveTextAsync("New conversation");
        await Expect(other.Page.Locator("#list")).Not.ToContainTextAsync("A second name");
    }

    [Test]
    public async Task Stop_InMidAnswer_KeepsWhatHadArrived()
    {
        _runtime.Hold();
        var chat = await OpenAsync();
        await chat.SayAsync("Go on for a while, please, so that there is something to stop in the middle of it all.");
        await chat.UntilStreamingAsync();
        await chat.Page.Locator("#stop").ClickAsync();
        await chat.UntilAnsweredAsync();
        await Expect(chat.Answers.Last.Locator(".foot")).ToContainTextAsync("Stopped.");
        using var client = await SameUserAsync();

        Assert.That(await chat.TextsAsync(), Is.EqualTo(await StoredAsync(client, chat.ConversationId)).Using<string>((a, b) => a.Trim() == b.Trim()));
    }

    [Test]
    public async Task Regenerate_OfAnAnswer_ReplacesItForEveryone()
    {
        var chat = await OpenAsync();
        await chat.SayAsync("Once more, please");
        await chat.UntilAnsweredAsync();
        var other = await OpenAsync($"/?c={chat.ConversationId}");
        await other.UntilAnsweredAsync();
        using var client = await SameUserAsync();
        var before = (await client.MessagesAsync(chat.ConversationId))[1].GetProperty("id").GetGuid();

        await ButtonAsync(chat, "Regenerate");
        await Expect(chat.Page.Locator($"#messages [id='who-{before}']")).ToHaveCountAsync(0);
        await Expect(other.Page.Locator($"#messages [id='who-{before}']")).ToHaveCountAsync(0);
        await chat.UntilAnsweredAsync();
        await other.UntilAnsweredAsync();

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(await chat.TextsAsync(), Is.EqualTo(await StoredAsync(client, chat.ConversationId)));
            Assert.That(await other.TextsAsync(), Is.EqualTo(await chat.TextsAsync()));
        });
    }

    [Test]
    public async Task Libraries_WhereTheyAreMissing_ThePlainSocketAndPlainTextDo()
    {
        await Context.RouteAsync("**/page.json", route => route.FulfillAsync(new RouteFulfillOptions
        {
            Json = new { root = ApiClient.Root, development = true, libraries = false },
        }));
        var chat = await OpenAsync();
        await chat.SayAsync("Without **npm**");
        await chat.UntilAnsweredAsync();
        using var client = await SameUserAsync();

        Assert.That(await chat.TextsAsync(), Is.EqualTo(await StoredAsync(client, chat.ConversationId)));
    }

    [Test]
    public async Task Address_OfNobodysConversation_SaysSo()
    {
        // Chromium itself writes every 404 to the console.
        WasCut = true;
        var chat = await OpenAsync($"/?c={Guid.CreateVersion7()}");
        await Expect(chat.Page.Locator("#blank")).ToContainTextAsync("There is no such conversation");
    }

    protected override Task<ApiHost> StartAsync() => ApiHost.StartAsync(
        services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(_runtime));

    private static Task ButtonAsync(ChatPage chat, string name) =>
        chat.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true }).ClickAsync();
}
