using Conversation.Api.AgentRuntimes;
using Conversation.Tests.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Playwright;
using static Conversation.Tests.Browser.ChatPage;

namespace Conversation.Tests.Browser;

/// <summary>How a question stands after its answer failed, was asked for again or was put aside: a page that is opened then says the same.</summary>
[TestFixture]
internal sealed class AnsweredAgainTests : BrowserFixture
{
    private readonly ScriptedRuntime _runtime = new();

    [Test]
    public async Task Reload_AfterAFailureThatWasTriedAgain_ShowsTheAnswerAlone()
    {
        var chat = await OpenAsync();
        await chat.SayAsync("Hello");
        (await _runtime.NextRunAsync()).End(new InvalidOperationException("Broken."));
        await ButtonAsync(chat, "Try again");
        await AnswerAsync("A good answer");
        await chat.UntilAnsweredAsync();

        await ReloadAsync(chat);

        await chat.UntilAnsweredAsync();
        await Expect(FootOf(chat.Questions)).ToBeEmptyAsync();
    }

    [Test]
    public async Task Reload_WhileItIsAnsweredAgain_ThinksAndCanBeStopped()
    {
        var chat = await AnsweredAsync();
        await ButtonAsync(chat, "Regenerate");
        await _runtime.NextRunAsync();
        await Expect(chat.Answers).ToHaveCountAsync(0);

        await ReloadAsync(chat);

        await Expect(FootOf(chat.Questions)).ToContainTextAsync("Thinking…");
        await chat.Page.Locator("#stop").ClickAsync();
        await Expect(FootOf(chat.Questions)).ToContainTextAsync("Stopped before there was an answer.");
        await Expect(chat.Page.Locator("#stop")).ToBeHiddenAsync();
    }

    [Test]
    public async Task Reload_AfterASecondAnswerFailed_OffersAThirdInSilence()
    {
        var chat = await AnsweredAsync();
        await ButtonAsync(chat, "Regenerate");
        (await _runtime.NextRunAsync()).End(new InvalidOperationException("Broken."));
        await Expect(FootOf(chat.Questions)).ToContainTextAsync("No answer");
        await Expect(Announcer(chat)).ToContainTextAsync("No answer.");

        await ReloadAsync(chat);

        await Expect(FootOf(chat.Questions)).ToContainTextAsync("No answer");
        await Expect(Announcer(chat)).ToBeEmptyAsync();
        await ButtonAsync(chat, "Try again");
        await AnswerAsync("A third");
        await chat.UntilAnsweredAsync();
        await Expect(FootOf(chat.Questions)).ToBeEmptyAsync();
        await Expect(Announcer(chat)).ToHaveTextAsync("The answer is complete. A third");
    }

    [Test]
    public async Task Question_ThatWasCoalesced_IsNotCalledUnanswered()
    {
        var chat = await OpenAsync();
        await chat.SayAsync("First");
        var first = await _runtime.NextRunAsync();
        using var client = await SameUserAsync();
        foreach (var content in new[] { "Second", "Third" })
        {
            await client.SendAsync(chat.ConversationId, new { role = "user", content, on_busy = "coalesce" });
        }

        first.Say("To the first");
        first.End();
        await AnswerAsync("To both of the others");
        await chat.UntilAnsweredAsync(2);
        await Expect(FootOf(chat.Questions.Nth(1))).ToHaveTextAsync("Put aside for a later message.");

        await ReloadAsync(chat);

        await Expect(FootOf(chat.Questions.Nth(1))).ToHaveTextAsync("Put aside for a later message.");
        await Expect(FootOf(chat.Questions.Last)).ToBeEmptyAsync();
    }

    [Test]
    public async Task Stop_InMidAnswer_IsToldAsThat()
    {
        var chat = await OpenAsync();
        await chat.SayAsync("Hello");
        (await _runtime.NextRunAsync()).Say("Half of ");
        await chat.UntilStreamingAsync();
        await chat.Page.Locator("#stop").ClickAsync();

        await Expect(Announcer(chat)).ToContainTextAsync("Stopped. Half of");
    }

    [Test]
    public async Task Delete_OfTheLastMessages_LeavesTheOneBeforeWithItsButton()
    {
        var chat = await AnsweredAsync();
        await chat.SayAsync("Another one");
        await AnswerAsync("Another answer");
        await chat.UntilAnsweredAsync(2);
        using var client = await SameUserAsync();
        foreach (var message in (await client.MessagesAsync(chat.ConversationId))[2..])
        {
            using var deleted = await client.Http.DeleteAsync(
                $"{ApiClient.Root}/conversations/{chat.ConversationId}/messages/{message.GetProperty("id").GetString()}");
        }

        await Expect(chat.Messages).ToHaveCountAsync(2);
        await Expect(FootOf(chat.Answers)).ToContainTextAsync("Regenerate");
    }

    protected override Task<ApiHost> StartAsync() => ApiHost.StartAsync(
        services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(_runtime));

    private async Task<ChatPage> AnsweredAsync()
    {
        var chat = await OpenAsync();
        await chat.SayAsync("Hello");
        await AnswerAsync("An answer");
        await chat.UntilAnsweredAsync();
        return chat;
    }

    private async Task AnswerAsync(string text)
    {
        var run = await _runtime.NextRunAsync();
        run.Say(text);
        run.End();
    }

    private static async Task ReloadAsync(ChatPage chat)
    {
        await chat.Page.ReloadAsync();
        await Expect(chat.State).ToHaveTextAsync("Connected");
    }

    private static ILocator FootOf(ILocator message) => message.Locator(".foot");

    private static ILocator Announcer(ChatPage chat) => chat.Page.Locator("#announcer");

    private static Task ButtonAsync(ChatPage chat, string name) =>
        chat.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true }).ClickAsync();
}
