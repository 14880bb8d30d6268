using Conversation.Tests.Infrastructure;
using Microsoft.Playwright;
using static Conversation.Tests.Browser.ChatPage;

namespace Conversation.Tests.Browser;

/// <summary>What is written and not stored: whose it is, who may give it up, and what is said of it.</summary>
[TestFixture]
internal sealed class UnsentTests : BrowserFixture
{
    private const string Sends = "**/messages";

    private static readonly RouteFulfillOptions Refusal = new() { Status = 422, Json = new { detail = "It is too blue." } };

    [Test]
    public async Task Waiting_WhenDiscarded_IsNeverSent()
    {
        WasCut = true;
        var (client, conversation, chat) = await OpenNewAsync();
        using (client)
        {
            await chat.Page.RouteAsync(Sends, route => route.AbortAsync());
            await chat.SayAsync("Better not");
            await Expect(chat.Unsent).ToContainTextAsync("Not sent yet.");
            await ButtonAsync(chat, "Discard");
            await Expect(chat.Unsent).ToHaveCountAsync(0);
            await Expect(chat.Text).ToBeFocusedAsync();

            await chat.Page.UnrouteAsync(Sends);
            await chat.SayAsync("But this");
            await chat.UntilAnsweredAsync();

            Assert.That((await StoredAsync(client, conversation))[0], Is.EqualTo("But this"));
        }
    }

    [Test]
    public async Task Refused_OnTheNextPage_IsShownAndNotSentUnasked()
    {
        var (client, conversation, chat) = await OpenNewAsync();
        using (client)
        {
            await chat.Page.RouteAsync(Sends, route => route.FulfillAsync(Refusal));
            await chat.SayAsync("Too blue");
            await Expect(chat.Unsent).ToContainTextAsync("Not sent. It is too blue.");
            chat.Forgive("422");
            await chat.Page.UnrouteAsync(Sends);

            await chat.Page.ReloadAsync();

            await Expect(chat.State).ToHaveTextAsync("Connected");
            await Expect(chat.Unsent).ToContainTextAsync("Not sent. It is too blue.");
            Assert.That(await client.MessagesAsync(conversation), Is.Empty);
            await ButtonAsync(chat, "Try again");
            await chat.UntilAnsweredAsync();
        }
    }

    [Test]
    public async Task Refused_WhileSomethingElseIsOpen_IsTold()
    {
        var (client, conversation, chat) = await OpenNewAsync();
        using (client)
        {
            var held = new TaskCompletionSource<IRoute>();
            await chat.Page.RouteAsync(Sends, route =>
            {
                held.TrySetResult(route);
                return Task.CompletedTask;
            });
            await chat.SayAsync("Too blue");
            var sending = await held.Task.WaitAsync(Patience.Token);
            await chat.Page.Locator("#new").ClickAsync();

            await sending.FulfillAsync(Refusal);

            await Expect(chat.Page.Locator("#announcer")).ToContainTextAsync("A message to “Unsent” was not sent. It is too blue.");
            chat.Forgive("422");

            await chat.Page.Locator($"[data-id='{conversation}']").ClickAsync();
            await Expect(chat.Unsent).ToHaveCountAsync(1);
            await ButtonAsync(chat, "Delete");
            await chat.Page.Locator("dialog button[type=submit]").ClickAsync();
            await Expect(chat.Page.Locator("h1")).ToHaveTextAsync("New conversation");
            Assert.That(await chat.Page.EvaluateAsync<string[]>("() => Object.keys(localStorage)"), Is.Empty);
        }
    }

    [Test]
    public async Task Unsent_OfSomebodyElse_WaitsForThem()
    {
        var (client, conversation, chat) = await OpenNewAsync();
        using (client)
        {
            await chat.Page.EvaluateAsync(
                """
                id => localStorage.setItem('conversation.outbox.theirs', JSON.stringify(
                  { key: 'theirs', conversationId: id, content: 'Of somebody else', at: Date.now(), subject: 'somebody else' }))
                """,
                conversation.ToString());
            await chat.Page.ReloadAsync();
            await chat.SayAsync("My own");
            await chat.UntilAnsweredAsync();

            Assert.That(await StoredAsync(client, conversation), Has.Count.EqualTo(2));
            Assert.That(await chat.Page.EvaluateAsync<string[]>("() => Object.keys(localStorage)"), Is.EqualTo(new[] { "conversation.outbox.theirs" }));
        }
    }

    [TestCase("Storage.prototype.setItem = () => { throw new DOMException('Full.', 'QuotaExceededError'); };")]
    [TestCase("for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get() { throw new DOMException('No.', 'SecurityError'); } });")]
    public async Task Storage_ThatKeepsNothing_LosesNoText(string obstacle)
    {
        await Context.AddInitScriptAsync(obstacle);
        var chat = await OpenAsync();
        await chat.SayAsync("Not kept, and sent all the same");
        await chat.UntilAnsweredAsync();
        await chat.Text.FillAsync("A draft");
        await chat.Page.Locator("#new").ClickAsync();
        await Expect(chat.Text).ToHaveValueAsync("");
        await chat.Page.GoBackAsync();

        await Expect(chat.Text).ToHaveValueAsync("A draft");
        await Expect(chat.Questions).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("Not kept, and sent all the same"));
    }

    private async Task<(ApiClient Client, Guid Conversation, ChatPage Chat)> OpenNewAsync()
    {
        var client = await SameUserAsync();
        var conversation = await client.CreateConversationAsync(new { title = "Unsent" });
        var chat = await OpenAsync($"/?c={conversation}");
        await Expect(chat.State).ToHaveTextAsync("Connected");
        return (client, conversation, chat);
    }

    private static Task ButtonAsync(ChatPage chat, string name) =>
        chat.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true }).ClickAsync();
}
