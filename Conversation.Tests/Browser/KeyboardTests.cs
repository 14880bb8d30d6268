using Microsoft.Playwright;
using static Conversation.Tests.Browser.ChatPage;

namespace Conversation.Tests.Browser;

/// <summary>Everything can be done without a mouse, and is told to those who listen.</summary>
[TestFixture]
internal sealed class KeyboardTests : BrowserFixture
{
    [Test]
    public async Task Walk_ByKeyboardOnly_WritesReadsRenamesAndDeletes()
    {
        var chat = await OpenAsync();
        await Expect(chat.Page.Locator("#list")).Not.ToBeEmptyAsync();
        await PressAsync(chat, "Tab");
        await Expect(chat.Page.Locator(".skip")).ToBeFocusedAsync();
        await PressAsync(chat, "Enter");
        await Expect(chat.Text).ToBeFocusedAsync();

        await chat.Page.Keyboard.TypeAsync("First line");
        await PressAsync(chat, "Shift+Enter");
        await chat.Page.Keyboard.TypeAsync("second line");
        await PressAsync(chat, "Enter");
        await chat.UntilAnsweredAsync();
        await Expect(chat.Text).ToBeFocusedAsync();
        await Expect(chat.Text).ToHaveValueAsync("");
        await Expect(chat.Page.Locator("#announcer")).ToContainTextAsync("The answer is complete.");
        Assert.That((await chat.TextsAsync())[0], Is.EqualTo("First line\nsecond line"));

        await TabToAsync(chat, chat.Page.Locator("#rename"), backwards: true);
        await PressAsync(chat, "Enter");
        await Expect(chat.Page.GetByLabel("Title")).ToBeFocusedAsync();
        await chat.Page.Keyboard.TypeAsync("By keyboard");
        await PressAsync(chat, "Enter");
        await Expect(chat.Page.Locator("h1")).ToHaveTextAsync("By keyboard");
        await Expect(chat.Page.Locator("#rename")).ToBeFocusedAsync();

        await TabToAsync(chat, chat.Page.Locator("#delete"), backwards: false);
        await PressAsync(chat, "Enter");
        await PressAsync(chat, "Escape");
        await Expect(chat.Page.Locator("dialog")).ToBeHiddenAsync();
        await Expect(chat.Page.Locator("#delete")).ToBeFocusedAsync();
        await TabToAsync(chat, chat.Page.Locator("#list a").First, backwards: true);
        await PressAsync(chat, "Enter");
        await Expect(chat.Text).ToBeFocusedAsync();
    }

    [Test]
    public async Task Draft_WhenSomethingElseIsOpened_WaitsWhereItWasWritten()
    {
        var chat = await OpenAsync();
        await chat.SayAsync("Hello");
        await chat.UntilAnsweredAsync();
        await chat.Text.FillAsync("Half a thought");
        await chat.Page.Locator("#new").ClickAsync();
        await Expect(chat.Text).ToHaveValueAsync("");
        await chat.Page.GoBackAsync();
        await Expect(chat.Text).ToHaveValueAsync("Half a thought");
        await chat.Page.ReloadAsync();
        await Expect(chat.Text).ToHaveValueAsync("Half a thought");
    }

    private static Task PressAsync(ChatPage chat, string key) => chat.Page.Keyboard.PressAsync(key);

    private static async Task TabToAsync(ChatPage chat, ILocator target, bool backwards)
    {
        for (var i = 0; i < 40 && !await target.EvaluateAsync<bool>("element => element === document.activeElement"); i++)
        {
            await PressAsync(chat, backwards ? "Shift+Tab" : "Tab");
        }

        await Expect(target).ToBeFocusedAsync();
    }
}
