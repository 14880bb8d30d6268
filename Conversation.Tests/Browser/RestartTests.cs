using Conversation.Tests.Infrastructure;
using static Conversation.Tests.Browser.ChatPage;

namespace Conversation.Tests.Browser;

/// <summary>The service dies in the middle of an answer and comes back: the page says so, goes on by itself, and tells the truth.</summary>
[TestFixture]
internal sealed class RestartTests : BrowserFixture
{
    [Test]
    public async Task Kill_InMidAnswer_TheSamePageGoesOn()
    {
        WasCut = true;
        var environment = new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_DATABASE_URL"] = await TestPostgres.NewDatabaseAsync(),
            ["CONVERSATION_SERVICE_USER_JWT_SECRET_KEY"] = TestTokens.UserKey,
            ["CONVERSATION_SERVICE_M2M_JWT_SECRET_KEY"] = TestTokens.M2mKey,
            ["CONVERSATION_SERVICE_SIMULATED_PACE_MS"] = "100",
        };
        await using var first = await ApiProcess.StartAsync(environment);
        var chat = await OpenAsync("/", first.Address);
        await chat.SayAsync("What happens when you are killed in the middle of a sentence?");
        await chat.UntilStreamingAsync();
        await Expect(chat.Answers.Last.Locator(".body")).ToContainTextAsync("You wrote");
        await first.KillAsync();
        await Expect(chat.State).ToContainTextAsync("Connection lost");
        await chat.SayAsync("Written while nobody listened");
        await Expect(chat.Unsent).ToContainTextAsync("Not sent yet.");

        await using var second = await ApiProcess.StartAsync(environment, address: first.Address);
        await chat.UntilAnsweredAsync(2);
        await Expect(chat.State).ToHaveTextAsync("Connected");
        await Expect(chat.Unsent).ToHaveCountAsync(0);
        using var client = await SameUserAsync(first.Address);
        var stored = await StoredAsync(client, chat.ConversationId);

        await Assert.MultipleAsync(async () =>
        {
            Assert.That((await chat.TextsAsync()).Select(text => text.Trim()), Is.EqualTo(stored.Select(text => text.Trim())));
            Assert.That(stored.Count(text => text == "Written while nobody listened"), Is.EqualTo(1));
        });
        await Expect(chat.Page.Locator("#messages")).ToContainTextAsync("What had arrived is kept.");
    }
}
