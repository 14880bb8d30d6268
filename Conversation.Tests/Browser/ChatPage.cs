using System.Text.RegularExpressions;
using Conversation.Tests.Infrastructure;
using Microsoft.Playwright;

namespace Conversation.Tests.Browser;

/// <summary>The chat page in a tab, as its user sees it, with everything that the console complained about.</summary>
internal sealed partial class ChatPage
{
    private readonly List<string> _complaints = [];

    private ChatPage(IPage page, Uri address)
    {
        Page = page;
        Address = address;
        page.SetDefaultTimeout((float)Patience.Limit.TotalMilliseconds);
        page.Console += (_, message) => Note(message.Type is "error" or "warning" ? message.Text : null);
        page.PageError += (_, error) => Note(error);
    }

    public IPage Page { get; }

    public Uri Address { get; }

    public ILocator Text => Page.GetByLabel("Message", new PageGetByLabelOptions { Exact = true });

    public ILocator Send => Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Send", Exact = true });

    public ILocator Messages => Page.Locator("#messages > li");

    public ILocator Questions => Page.Locator("#messages > li.user");

    public ILocator Answers => Page.Locator("#messages > li.assistant");

    public ILocator Unsent => Page.Locator("#pending > li");

    public ILocator State => Page.Locator("#state");

    /// <summary>The conversation that the address names.</summary>
    public Guid ConversationId => Guid.Parse(Id().Match(Page.Url).Groups[1].Value);

    public static async Task<ChatPage> OpenAsync(IBrowserContext context, Uri address, string path = "/")
    {
        var chat = new ChatPage(await context.NewPageAsync(), address);
        await chat.Page.GotoAsync(new Uri(address, path).ToString());
        return chat;
    }

    public static ILocatorAssertions Expect(ILocator locator)
    {
        Assertions.SetDefaultExpectTimeout((float)Patience.Limit.TotalMilliseconds);
        return Assertions.Expect(locator);
    }

    /// <summary>Writes a message and sends it with Enter.</summary>
    public async Task SayAsync(string text)
    {
        await Text.FillAsync(text);
        await Text.PressAsync("Enter");
    }

    /// <summary>Waits until an answer streams.</summary>
    public Task UntilStreamingAsync() => Page.Locator("#messages > li.streaming .body:not(:empty)").WaitForAsync();

    /// <summary>Waits until there are so many answers and none of them grows any more.</summary>
    public async Task UntilAnsweredAsync(int answers = 1)
    {
        await Expect(Answers).ToHaveCountAsync(answers);
        await Expect(Page.Locator("#messages > li.streaming")).ToHaveCountAsync(0);
        await Expect(Page.Locator("#stop")).ToBeHiddenAsync();
    }

    /// <summary>The texts as they are shown, in their order.</summary>
    public async Task<IReadOnlyList<string>> TextsAsync() => await Messages.Locator(".body").AllInnerTextsAsync();

    /// <summary>What the console said: everything, or, where a test cut the connection, everything but that it was cut.</summary>
    public IReadOnlyList<string> Complaints(bool wasCut = false)
    {
        lock (_complaints)
        {
            return [.. _complaints.Where(text => !wasCut || !Cut().IsMatch(text))];
        }
    }

    /// <summary>Takes out what a test expects.</summary>
    public void Forgive(string part)
    {
        lock (_complaints)
        {
            _complaints.RemoveAll(text => text.Contains(part, StringComparison.Ordinal));
        }
    }

    private void Note(string? text)
    {
        if (text is not null)
        {
            lock (_complaints)
            {
                _complaints.Add(text);
            }
        }
    }

    [GeneratedRegex("[?&]c=([0-9a-f-]{36})")]
    private static partial Regex Id();

    [GeneratedRegex(@"net::ERR_|WebSocket connection to .* failed|status of (404|50[0-9])")]
    private static partial Regex Cut();
}
