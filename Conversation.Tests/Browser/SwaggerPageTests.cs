using static Conversation.Tests.Browser.ChatPage;

namespace Conversation.Tests.Browser;

/// <summary>Swagger UI under its content security policy, from the development token to a created conversation.</summary>
[TestFixture]
internal sealed class SwaggerPageTests : BrowserFixture
{
    [Test]
    public async Task TryItOut_WithTheDevelopmentToken_CreatesAConversation()
    {
        var page = (await OpenAsync("/swagger/index.html")).Page;
        using var client = await SameUserAsync();
        await page.Locator("button.authorize").First.ClickAsync();
        await page.Locator(".auth-container input").First.FillAsync(client.Token!);
        await page.Locator(".auth-container button.authorize").First.ClickAsync();
        await page.Locator("button.btn-done").First.ClickAsync();

        var create = page.Locator("[id$=createConversation]");
        await create.Locator(".opblock-summary-control").ClickAsync();
        await create.Locator("button.try-out__btn").ClickAsync();
        await create.Locator("textarea").FillAsync("""{"title": "From Swagger"}""");
        await create.Locator("button.execute").ClickAsync();
        await Expect(create.Locator(".live-responses-table tbody .response-col_status").First).ToContainTextAsync("201");

        Assert.That(
            (await client.GetAsync("/conversations/")).EnumerateArray().Select(one => one.GetProperty("title").GetString()), Does.Contain("From Swagger"));
    }
}
