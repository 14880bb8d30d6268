using Conversation.Tests.Infrastructure;
using Microsoft.Playwright;
using static Conversation.Tests.Browser.ChatPage;

namespace Conversation.Tests.Browser;

/// <summary>Whatever happens at an awkward moment: nothing that was written or loaded is lost, and no question is answered for another.</summary>
[TestFixture]
internal sealed class LosingNothingTests : BrowserFixture
{
    private const string ToTheTop =
        """
        async () => {
          const thread = document.getElementById('thread');
          const edge = document.getElementById('edge');
          while (!edge.textContent.includes('begins here')) {
            thread.scrollTop = 0;
            await new Promise(requestAnimationFrame);
          }
        }
        """;

    [Test]
    public async Task Scrolling_WhileEarlierMessagesLoad_KeepsWhatIsRead()
    {
        var (client, conversation, chat) = await OpenFilledAsync(150);
        using (client)
        {
            await chat.Page.EvaluateAsync(
                """
                async () => {
                  const thread = document.getElementById('thread');
                  const first = document.getElementById('messages').firstElementChild;
                  thread.scrollTop = 1;
                  for (let i = 0; i < 30; i++) thread.dispatchEvent(new Event('scroll'));
                  while (document.getElementById('messages').firstElementChild === first) await new Promise(requestAnimationFrame);
                }
                """);

            await Expect(chat.Messages.Filter(new LocatorFilterOptions { HasText = "Message 101 " })).ToBeInViewportAsync();
        }
    }

    [Test]
    public async Task Change_OfAMessageThatIsNotLoaded_HidesNoneBetween()
    {
        var (client, conversation, chat) = await OpenFilledAsync(120);
        using (client)
        {
            var third = (await client.GetAsync($"/conversations/{conversation}/messages?limit=3"))[2].GetProperty("id").GetString();
            using var patched = await client.Http.PatchAsync(
                $"{ApiClient.Root}/conversations/{conversation}/messages/{third}",
                new StringContent("""{"content":"Message 3 changed"}""", System.Text.Encoding.UTF8, "application/json"));
            Assert.That((int)patched.StatusCode, Is.EqualTo(200));
            await client.SendAsync(conversation, new { role = "system", content = "The newest" });
            await Expect(chat.Messages.Last).ToContainTextAsync("The newest");

            await chat.Page.EvaluateAsync(ToTheTop);

            await Expect(chat.Messages.First).ToContainTextAsync("Message 1 ");
            var texts = await chat.TextsAsync();
            Assert.That(texts[2], Does.Contain("Message 3 changed"));
            Assert.That(texts[49], Does.Contain("Message 50 "));
        }
    }

    [Test]
    public async Task Question_BesideAnother_WaitsForItsTurn()
    {
        var chat = await OpenAsync();
        var first = chat.Page.EvaluateAsync<bool?>(
            "async () => (await import('/views/dialogs.js')).askYes({ title: 'Delete everything?', text: '', confirm: 'Delete' })");
        await Expect(chat.Page.Locator("#dialog-title")).ToHaveTextAsync("Delete everything?");
        var second = chat.Page.EvaluateAsync<bool?>(
            "async () => (await import('/views/dialogs.js')).askYes({ title: 'That did not work', text: '', confirm: 'Understood' })");

        await chat.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Cancel", Exact = true }).ClickAsync();
        Assert.That(await first, Is.Not.True);
        await chat.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Understood", Exact = true }).ClickAsync();

        Assert.That(await second, Is.True);
    }

    [Test]
    public async Task FirstMessage_WhoseConversationCannotBeMade_WaitsWhereItWasWritten()
    {
        const string Thought = "A thought that must not be lost";
        WasCut = true;
        using var client = await SameUserAsync();
        var other = await client.CreateConversationAsync(new { title = "Another one" });
        var chat = await OpenAsync();
        var held = new TaskCompletionSource<IRoute>();
        await chat.Page.RouteAsync("**/api/v1/conversations/", route =>
        {
            held.TrySetResult(route);
            return Task.CompletedTask;
        });
        await chat.SayAsync(Thought);
        var making = await held.Task.WaitAsync(Patience.Token);
        await chat.Page.Locator($"[data-id='{other}']").ClickAsync();
        await Expect(chat.State).ToHaveTextAsync("Connected");

        await making.AbortAsync();

        await Expect(chat.Page.Locator("#announcer")).ToContainTextAsync("could not be begun");
        await Expect(chat.Text).ToHaveValueAsync("");
        await chat.Page.Locator("#new").ClickAsync();
        await Expect(chat.Text).ToHaveValueAsync(Thought);
    }

    [Test]
    public async Task Unsent_OfTwoDaysAgo_IsAskedAbout()
    {
        using var client = await SameUserAsync();
        var conversation = await client.CreateConversationAsync();
        var chat = await OpenAsync($"/?c={conversation}");
        await chat.Page.EvaluateAsync(
            """
            id => localStorage.setItem('conversation.outbox.old', JSON.stringify(
              { key: 'old', conversationId: id, content: 'Written on Friday', at: Date.now() - 49 * 60 * 60 * 1000 }))
            """,
            conversation.ToString());

        await chat.Page.ReloadAsync();
        await Expect(chat.Unsent).ToContainTextAsync("may have been sent");
        Assert.That(await client.MessagesAsync(conversation), Is.Empty);
        await chat.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Try again" }).ClickAsync();
        await chat.UntilAnsweredAsync();

        await Expect(chat.Unsent).ToHaveCountAsync(0);
    }

    private async Task<(ApiClient Client, Guid Conversation, ChatPage Chat)> OpenFilledAsync(int messages)
    {
        var client = await SameUserAsync();
        var conversation = await client.CreateConversationAsync(new { title = "Long" });
        for (var i = 1; i <= messages; i++)
        {
            await client.SendAsync(conversation, new { role = "system", content = $"Message {i} of many" });
        }

        var chat = await OpenAsync($"/?c={conversation}");
        await Expect(chat.Messages.Last).ToContainTextAsync($"Message {messages} ");
        return (client, conversation, chat);
    }
}
