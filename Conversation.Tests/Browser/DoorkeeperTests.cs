using Conversation.Api.Configuration;
using Conversation.Tests.Infrastructure;
using Microsoft.Playwright;
using static Conversation.Tests.Browser.ChatPage;

namespace Conversation.Tests.Browser;

/// <summary>Outside development nobody hands out tokens: the page asks for one.</summary>
[TestFixture]
internal sealed class DoorkeeperTests : BrowserFixture
{
    [Test]
    public async Task Token_WrongThenRight_OpensThePage()
    {
        // Chromium itself writes every refused request to the console.
        var chat = await OpenAsync();
        await Expect(chat.Page.Locator("dialog")).ToContainTextAsync("Who are you?");
        await GiveAsync(chat, "not-a-token");
        await Expect(chat.Page.Locator("dialog")).ToContainTextAsync("This token is not accepted");
        await GiveAsync(chat, $"Bearer {TestTokens.User(Guid.CreateVersion7())}");
        await Expect(chat.Page.Locator("#list")).ToContainTextAsync("No conversations yet");
        await chat.SayAsync("Now I am in");
        await chat.UntilAnsweredAsync();

        await chat.Page.ReloadAsync();
        await chat.UntilAnsweredAsync();
        Assert.That(chat.Complaints(), Has.All.Contains("401"));
        chat.Forgive("401");
    }

    protected override Task<ApiHost> StartAsync() =>
        ApiHost.StartAsync(settings => settings with { Environment = ServiceEnvironments.Testing });

    private static async Task GiveAsync(ChatPage chat, string token)
    {
        await chat.Page.Locator("#dialog-input").FillAsync(token);
        await chat.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Use this token" }).ClickAsync();
    }
}
