using System.Globalization;
using Conversation.Tests.Infrastructure;
using Microsoft.Playwright;
using static Conversation.Tests.Browser.ChatPage;

namespace Conversation.Tests.Browser;

/// <summary>Ten thousand messages: the document stays small, and the reader can walk back to the first of them.</summary>
[TestFixture]
internal sealed class LongThreadTests : BrowserFixture
{
    private const int Count = 10_000;
    private const int MostElements = 120;

    /// <summary>Scrolls to the top and tells how long it took until earlier messages were painted, in milliseconds; 0 at the beginning.</summary>
    private const string ScrollUp =
        """
        async () => {
          const thread = document.getElementById('thread');
          const list = document.getElementById('messages');
          const edge = document.getElementById('edge');
          const frame = () => new Promise(requestAnimationFrame);
          const first = list.firstElementChild;
          const begin = performance.now();
          thread.scrollTop = 0;
          while (list.firstElementChild === first) {
            if (edge.textContent.includes('begins here')) return 0;
            await frame();
          }
          await frame();
          return performance.now() - begin;
        }
        """;

    [Test]
    public async Task Thread_OfTenThousand_IsWalkedBackInASmallDocument()
    {
        using var client = await SameUserAsync();
        var conversation = await client.CreateConversationAsync(new { title = "Ten thousand" });
        await FillAsync(client, conversation);
        var chat = await OpenAsync($"/?c={conversation}");
        await Expect(chat.Messages.Last).ToContainTextAsync($"Message {Count} ");

        var paints = new List<double>();
        while (await chat.Page.EvaluateAsync<double>(ScrollUp) is > 0 and var paint)
        {
            paints.Add(paint);
            Assert.That(await chat.Messages.CountAsync(), Is.LessThanOrEqualTo(MostElements));
        }

        paints.Sort();
        await TestContext.Out.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"scroll to paint over {paints.Count} steps: p50 {paints[paints.Count / 2]:0} ms, p95 {paints[paints.Count * 95 / 100]:0} ms, max {paints[^1]:0} ms"));
        await Expect(chat.Messages.First).ToContainTextAsync("Message 1 ");

        // Someone else writes: a reader of the past stays where they are, and is brought to the end when they ask.
        await client.SendAsync(conversation, new { role = "system", content = "The newest" });
        await Expect(chat.Messages.First).ToContainTextAsync("Message 1 ");
        await chat.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Jump to the latest" }).ClickAsync();
        await Expect(chat.Messages.Last).ToContainTextAsync("The newest");
        await Expect(chat.Messages.Last).ToBeInViewportAsync();
        await Expect(chat.Messages).ToHaveCountAsync(MostElements);
    }

    [Test]
    public async Task Reader_WhoScrolledUp_StaysWhereTheyAreWhileTextArrives()
    {
        using var client = await SameUserAsync();
        var conversation = await client.CreateConversationAsync(new { title = "Reading" });
        for (var i = 1; i <= 40; i++)
        {
            await client.SendAsync(conversation, new { role = "system", content = $"Line {i}" });
        }

        var chat = await OpenAsync($"/?c={conversation}");
        await Expect(chat.Messages.Last).ToBeInViewportAsync();
        var read = chat.Messages.Nth(10);
        await read.ScrollIntoViewIfNeededAsync();
        await Expect(chat.Page.Locator("#latest")).ToBeVisibleAsync();
        var before = await read.BoundingBoxAsync();
        await client.SayAsync(conversation, "Now answer while someone reads further up");
        await chat.UntilAnsweredAsync();

        Assert.That((await read.BoundingBoxAsync())!.Y, Is.EqualTo(before!.Y).Within(1));
    }

    private static async Task FillAsync(ApiClient client, Guid conversation)
    {
        await client.SendAsync(conversation, new { role = "system", content = "Message 1 of many" });
        var next = 1;
        await Task.WhenAll(Enumerable.Range(0, 32).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is < Count and var number)
            {
                await client.SendAsync(conversation, new { role = "system", content = $"Message {number} of many" });
            }
        }));
        await client.SendAsync(conversation, new { role = "system", content = $"Message {Count} of many" });
    }
}
