using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Playwright;
using static Conversation.Tests.Browser.ChatPage;

namespace Conversation.Tests.Browser;

/// <summary>
/// Every state of the page, light and dark, wide and narrow: no serious finding of axe, nothing wider than the window, and a picture in
/// artifacts/screenshots for people to look at.
/// </summary>
[TestFixture(ColorScheme.Light)]
[TestFixture(ColorScheme.Dark)]
internal sealed class AppearanceTests(ColorScheme scheme) : BrowserFixture
{
    private const string Answer =
        """
        Streaming means that **text is shown while it is made**. Three things matter:

        1. A *position*, so that a reader can come back.
        2. Ranges that may be applied twice.
        3. An end that is told only when it is stored.

        ```js
        for await (const frame of follow(conversation, position)) {
          transcript.apply(frame);
          position = frame.position;
        }
        ```

        | Door | Good for |
        | --- | --- |
        | SignalR | apps in browsers |
        | server-sent events | `curl` and proxies |

        > More in [the protocol](https://example.com/protocol).
        """;

    private readonly ScriptedRuntime _runtime = new();
    private string _audit = "";

    [OneTimeSetUp]
    public async Task ReadAuditAsync() =>
        _audit = await File.ReadAllTextAsync(Path.Combine(await NpmTools.FolderAsync(), "node_modules", "axe-core", "axe.min.js"));

    [Test]
    public async Task Conversation_ThroughAllStates_IsSound()
    {
        var first = await OpenInSchemeAsync();
        await LookAsync(first, "empty");
        using var client = await SameUserAsync();
        foreach (var title in new[] { "Travel plans for spring", "A recipe with lentils", "Why is the sky blue?", "Ein längerer Titel, der nicht in die Zeile passt", "שלום עולם" })
        {
            await client.CreateConversationAsync(new { title });
        }

        var chat = await OpenInSchemeAsync();
        await Expect(chat.Page.Locator("#list a").First).ToBeVisibleAsync();
        await LookAsync(chat, "list");

        await chat.SayAsync("How does streaming work?");
        await Expect(chat.Messages.First).ToContainTextAsync("Thinking…");
        await LookAsync(chat, "thinking");

        var run = await _runtime.NextRunAsync();
        run.Say(Answer[..(Answer.Length / 3)]);
        await chat.UntilStreamingAsync();
        await LookAsync(chat, "streaming");

        await chat.SayAsync("A second question, asked too early");
        await Expect(chat.Messages.Last).ToContainTextAsync("Waits for the answer before it.");
        await LookAsync(chat, "queued");

        run.Say(Answer[(Answer.Length / 3)..]);
        run.End();
        (await _runtime.NextRunAsync()).End(new InvalidOperationException("The flow is broken."));
        await Expect(chat.Page.Locator(".note.bad")).ToContainTextAsync("No answer");
        await LookAsync(chat, "failed");

        await chat.Page.SetViewportSizeAsync(360, 740);
        await LookAsync(chat, "narrow");
        await chat.Page.Locator("#menu").ClickAsync();
        await Expect(chat.Page.Locator("#sidebar")).ToBeInViewportAsync();
        await LookAsync(chat, "narrow-list");
        await chat.Page.Keyboard.PressAsync("Escape");

        await chat.Page.SetViewportSizeAsync(1200, 800);
        await chat.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Delete", Exact = true }).ClickAsync();
        await LookAsync(chat, "delete");
        await chat.Page.Keyboard.PressAsync("Escape");

        WasCut = true;
        await Context.SetOfflineAsync(true);
        await chat.SayAsync("Into the blue");
        await Expect(chat.Unsent).ToContainTextAsync("Not sent yet.");
        await LookAsync(chat, "offline");
        await Context.SetOfflineAsync(false);
        (await _runtime.NextRunAsync()).End();
    }

    [Test]
    public async Task NotFound_OfAnUnknownAddress_IsSound()
    {
        WasCut = true;
        var chat = await OpenInSchemeAsync($"/?c={Guid.CreateVersion7()}");
        await Expect(chat.Page.Locator("#blank")).ToContainTextAsync("no such conversation");
        await LookAsync(chat, "not-found");
    }

    protected override Task<ApiHost> StartAsync() => ApiHost.StartAsync(
        services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(_runtime));

    private async Task<ChatPage> OpenInSchemeAsync(string path = "/")
    {
        // Before the page's own scripts: its policy allows nothing to be added afterwards, and so it shall.
        await Context.AddInitScriptAsync(_audit);
        var chat = await OpenAsync(path);
        await chat.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
        await Expect(chat.Page.Locator("#list")).Not.ToBeEmptyAsync();
        return chat;
    }

    private async Task LookAsync(ChatPage chat, string name)
    {
        var folder = Path.Combine(Checkout.Root, "artifacts", "screenshots");
        await chat.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}-{scheme}.png".ToLowerInvariant()) });
        var report = await chat.Page.EvaluateAsync<JsonElement>("() => axe.run({ resultTypes: ['violations'] })");
        var findings = report.GetProperty("violations").EnumerateArray()
            .Where(finding => finding.GetProperty("impact").GetString() is "serious" or "critical" or "moderate")
            .Select(finding => $"{finding.GetProperty("id")}: {finding.GetProperty("nodes")[0].GetProperty("html")} {finding.GetProperty("nodes")[0].GetProperty("failureSummary")}");
        var overflow = await chat.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - innerWidth");

        Assert.Multiple(() =>
        {
            Assert.That(findings, Is.Empty, name);
            Assert.That(overflow, Is.LessThanOrEqualTo(0), $"{name} is wider than the window");
        });
    }
}
