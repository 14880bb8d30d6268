using Conversation.Api.AgentRuntimes;
using Conversation.Tests.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Playwright;
using static Conversation.Tests.Browser.ChatPage;

namespace Conversation.Tests.Browser;

/// <summary>What agents and users may write without harm to who reads it.</summary>
[TestFixture]
internal sealed class HostileContentTests : BrowserFixture
{
    private const string Attack =
        """
        <script>window.harmed = 1</script> <img src=x onerror="window.harmed = 1"> <svg onload="window.harmed = 1"></svg>

        <iframe srcdoc="<script>parent.harmed = 1</script>"></iframe>

        [a](javascript:window.harmed=1) [b](JaVaScRiPt:window.harmed=1) [c](data:text/html,<script>1</script>) [d](vbscript:x) <javascript:harmed>

        ![image](https://example.com/tracker.png) [fine](https://example.com/) [e](https://example.com/"onmouseover="window.harmed=1)

        `<b onclick=1>` &lt;script&gt;

        ```html"><script>window.harmed=1</script>
        <script>window.harmed = 1</script>
        ```

        | <style>*{display:none}</style> | b |
        | --- | --- |
        | <a href="javascript:1">x</a> | <form action="https://example.com"><input></form> |
        """;

    private readonly ScriptedRuntime _runtime = new();

    [Test]
    public async Task Markup_OfAgentAndUser_IsTextAndDoesNothing()
    {
        var chat = await OpenAsync();
        await chat.SayAsync(Attack);
        var run = await _runtime.NextRunAsync();
        foreach (var piece in Attack.Chunk(7))
        {
            run.Say(new string(piece));
        }

        run.End();
        await chat.UntilAnsweredAsync();

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(await chat.Page.EvaluateAsync<bool>("() => 'harmed' in window"), Is.False);
            Assert.That(await chat.Messages.Locator("script, img, svg, iframe, form, style, input, [onclick], [onerror], [onload], [onmouseover]").CountAsync(), Is.Zero);
            Assert.That(
                await chat.Messages.Locator("a").EvaluateAllAsync<string[]>("links => links.map(link => new URL(link.href).protocol)"),
                Is.All.EqualTo("https:").And.Not.Empty);
            Assert.That(await chat.Messages.Locator("a:not([rel~=noopener])").CountAsync(), Is.Zero);
            Assert.That(await chat.Messages.First.Locator(".body").InnerTextAsync(), Is.EqualTo(Attack));
        });
    }

    [Test]
    public async Task RightToLeftOverride_InATitleAndAMessage_StaysInside()
    {
        var chat = await OpenAsync();
        await chat.SayAsync("\u202Egnp.exe \u2066\u202E");
        (await _runtime.NextRunAsync()).End();
        await Expect(chat.Page.Locator("#list a[aria-current]")).ToBeVisibleAsync();

        // What stands beside it keeps its own direction, which isolation alone gives.
        foreach (var element in new[] { chat.Messages.First.Locator(".body"), chat.Page.Locator("h1"), chat.Page.Locator("#list [aria-current] .name") })
        {
            await Expect(element).ToHaveCSSAsync("unicode-bidi", "isolate");
        }
    }

    [Test]
    public async Task Word_OfAMegabyte_NeitherBreaksTheLayoutNorStopsThePage()
    {
        using var client = await SameUserAsync();
        var conversation = await client.CreateConversationAsync();
        await client.SendAsync(conversation, new { role = "assistant", content = new string('w', 1024 * 1024) });
        await client.SendAsync(conversation, new { role = "system", content = "After it" });
        var chat = await OpenAsync($"/?c={conversation}");
        await Expect(chat.Messages.Last).ToBeInViewportAsync();
        await Expect(chat.Messages.First).ToContainTextAsync("Show all 1,048,576 characters");

        Assert.That(
            await chat.Page.EvaluateAsync<int>("() => { const t = document.getElementById('thread'); return t.scrollWidth - t.clientWidth; }"), Is.Zero);
        await chat.Messages.First.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Show all" }).ClickAsync();
        Assert.That((await chat.Messages.First.Locator(".body").TextContentAsync())!.Trim(), Has.Length.EqualTo(1024 * 1024));
    }

    protected override Task<ApiHost> StartAsync() => ApiHost.StartAsync(
        services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(_runtime));
}
