using static Conversation.Tests.Browser.ChatPage;

namespace Conversation.Tests.Browser;

/// <summary>Awkward texts, addresses, clicks and networks.</summary>
[TestFixture]
internal sealed class AwkwardTests : BrowserFixture
{
    [Test]
    public async Task FirstMessage_WithAPairWhereTheTitleEnds_BeginsAConversation()
    {
        var chat = await OpenAsync();
        await chat.SayAsync($"{new string('a', 59)}\U0001F600 and more");
        await chat.UntilAnsweredAsync();

        await Expect(chat.Page.Locator("h1")).ToHaveTextAsync($"{new string('a', 59)}\U0001F600");
    }

    [Test]
    public async Task Table_WithAlignment_IsAligned()
    {
        using var client = await SameUserAsync();
        var conversation = await client.CreateConversationAsync();
        await client.SendAsync(conversation, new { role = "assistant", content = "| a | b |\n| :-: | --: |\n| 1 | 2 |" });
        var chat = await OpenAsync($"/?c={conversation}");

        await Expect(chat.Answers.Locator("td").First).ToHaveCSSAsync("text-align", "center");
        await Expect(chat.Answers.Locator("td").Last).ToHaveCSSAsync("text-align", "right");
        await Expect(chat.Answers.Locator("[style]")).ToHaveCountAsync(0);
        // Nobody's run made it: there is nothing to make again.
        await Expect(chat.Answers.Locator(".foot")).ToHaveTextAsync("Copy");
    }

    [Test]
    public async Task EarlierMessages_ThatDoNotCome_AreAskedForAgain()
    {
        const string Earlier = "**/messages?*before=*";
        WasCut = true;
        using var client = await SameUserAsync();
        var conversation = await client.CreateConversationAsync();
        for (var i = 1; i <= 70; i++)
        {
            await client.SendAsync(conversation, new { role = "system", content = $"Message {i} of many" });
        }

        var chat = await OpenAsync($"/?c={conversation}");
        await Expect(chat.Messages).ToHaveCountAsync(50);
        await chat.Page.RouteAsync(Earlier, route => route.AbortAsync());
        await chat.Page.EvaluateAsync("() => { document.getElementById('thread').scrollTop = 0; }");
        await Expect(chat.Page.Locator("#edge")).ToContainTextAsync("Earlier messages could not be loaded.");

        await chat.Page.UnrouteAsync(Earlier);
        await chat.Page.Locator("#edge button").ClickAsync();

        await Expect(chat.Messages).ToHaveCountAsync(70);
    }

    [TestCase("**/lib/signalr.js")]
    [TestCase("**/lib/markdown-it.js")]
    public async Task Library_ThatDoesNotLoad_IsDoneWithout(string library)
    {
        WasCut = true;
        await Context.RouteAsync(library, route => route.AbortAsync());
        var chat = await OpenAsync();
        await chat.SayAsync("With less");
        await chat.UntilAnsweredAsync();

        await Expect(chat.State).ToHaveTextAsync("Connected");
    }

    /// <summary>What a browser says of networks is no news of a service on the same machine.</summary>
    [Test]
    public async Task Browser_ThatThinksItIsOffline_FollowsAllTheSame()
    {
        await Context.AddInitScriptAsync("Object.defineProperty(navigator, 'onLine', { get: () => false });");
        var chat = await OpenAsync();
        await chat.SayAsync("Hello");
        await chat.UntilAnsweredAsync();

        await Expect(chat.State).ToHaveTextAsync("Connected");
    }

    [Test]
    public async Task Address_ThatIsNoId_IsANewConversation()
    {
        var chat = await OpenAsync("/?c=../../x");
        await Expect(chat.Page.Locator("h1")).ToHaveTextAsync("New conversation");
        await chat.SayAsync("Hello");
        await chat.UntilAnsweredAsync();
    }

    [Test]
    public async Task SkipLink_InAConversation_OpensNothingAnew()
    {
        var chat = await OpenAsync();
        await chat.SayAsync("Hello");
        await chat.UntilAnsweredAsync();
        var first = await chat.Messages.First.ElementHandleAsync();
        await chat.Page.Locator(".skip").FocusAsync();
        await chat.Page.Keyboard.PressAsync("Enter");
        await Expect(chat.Text).ToBeFocusedAsync();

        Assert.That(await first.EvaluateAsync<bool>("element => element.isConnected"), Is.True);
    }

    [Test]
    public async Task Copy_Twice_IsCalledCopyAgain()
    {
        await Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        var chat = await OpenAsync();
        await chat.SayAsync("Hello");
        await chat.UntilAnsweredAsync();
        var copy = chat.Answers.Locator("[data-action=copy]");
        await copy.ClickAsync();
        await Expect(copy).ToHaveTextAsync("Copied");
        await copy.ClickAsync();

        await Expect(copy).ToHaveTextAsync("Copy");
    }

    [Test]
    public async Task List_WhereNothingIsNew_StaysAsItIs()
    {
        using var client = await SameUserAsync();
        var conversation = await client.CreateConversationAsync(new { title = "Steady" });
        var chat = await OpenAsync();
        var row = await chat.Page.Locator($"[data-id='{conversation}']").ElementHandleAsync();
        await chat.Page.RunAndWaitForResponseAsync(
            () => chat.Page.EvaluateAsync("() => document.dispatchEvent(new Event('visibilitychange'))"), "**/conversations?limit=50");
        await client.CreateConversationAsync(new { title = "Newer" });
        var isStill = await row.EvaluateAsync<bool>("element => element.isConnected");
        await chat.Page.EvaluateAsync("() => document.dispatchEvent(new Event('visibilitychange'))");

        await Expect(chat.Page.Locator("#list")).ToContainTextAsync("Newer");
        Assert.That(isStill, Is.True);
    }

    [Test]
    public async Task Follow_WithAGapTwiceAtOnePosition_GoesBackToTheEvent()
    {
        WasCut = true;
        await Context.RouteAsync("**/nowhere/**", route => route.AbortAsync());
        var chat = await OpenAsync();
        var positions = await chat.Page.EvaluateAsync<string[]>(
            """
            async () => {
              const { ConversationClient } = await import('/client/conversation-client.js');
              const positions = [];
              const door = async ({ position, onFrame }) => {
                positions.push(position);
                if (positions.length === 1) onFrame({ type: 'message.started', seq: 8, position: '8.m.1.5' });
                onFrame({ type: 'message.delta', position: '8.m.1.9' });
              };
              const client = new ConversationClient({ root: '/nowhere', token: async () => '', door });
              await new Promise(resolve => client.follow('id', '7', {
                frame: ({ type }) => type !== 'message.delta',
                state: () => positions.length === 3 && resolve(),
              }));
              return positions;
            }
            """);

        Assert.That(positions, Is.EqualTo(new[] { "7", "8.m.1.5", "8" }));
    }

    [Test]
    public async Task Message_DeletedWhileItsPageWasOnTheWay_StaysAway()
    {
        var chat = await OpenAsync();
        var texts = await chat.Page.EvaluateAsync<string[]>(
            """
            async () => {
              const { Transcript } = await import('/client/transcript.js');
              const transcript = new Transcript();
              transcript.apply({ type: 'message.deleted', message: { id: 'a', deleted: true } });
              for (const id of ['a', 'b']) transcript.put({ id, seq: 1, role: 'user', status: 'stored', content: id });
              return transcript.messages.map(message => message.content);
            }
            """);

        Assert.That(texts, Is.EqualTo(new[] { "b" }));
    }
}
