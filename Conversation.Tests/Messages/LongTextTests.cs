using System.Globalization;
using System.Text.Json;
using Conversation.Data.Access;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.Messages;

/// <summary>A conversation of messages so long that no page of the database takes in all of them.</summary>
[TestFixture]
internal sealed class LongTextTests : ConversationFixture
{
    private const int Messages = 12;
    private const int Length = 900_000;

    private static readonly string[] Expected = [.. Enumerable.Range(1, Messages).Select(n => n.ToString("D2", CultureInfo.InvariantCulture))];

    [SetUp]
    public async Task SayMuchAsync()
    {
        foreach (var number in Expected)
        {
            await Client.SendAsync(ConversationId, new { role = "system", content = number + new string('x', Length) });
        }
    }

    [TestCase("asc")]
    [TestCase("desc")]
    public async Task List_ByLinks_GivesEveryMessageOnceInShorterPages(string order)
    {
        var pages = new List<string[]>();
        for (string? path = $"{ApiClient.Root}/conversations/{ConversationId}/messages?limit={Messages}&order={order}"; path is not null;)
        {
            using var response = await Client.Http.GetAsync(path);
            pages.Add([.. (await ApiClient.ReadAsync(response, 200)).EnumerateArray().Select(Number)]);
            path = response.Headers.TryGetValues("Link", out var link) ? link.Single().Split('<', '>')[1] : null;
        }

        Assert.That(pages.SelectMany(page => page), Is.EqualTo(order == "asc" ? Expected : Expected.Reverse()));
        // Five of them are longer than a page's 4 Mi of text, and no page goes on behind that.
        Assert.That(pages.Select(page => page.Length), Is.EqualTo((int[])[5, 5, 2]));
    }

    [Test]
    public async Task List_WithoutLimit_GivesEveryMessage()
    {
        Assert.That((await Client.MessagesAsync(ConversationId)).Select(Number), Is.EqualTo(Expected));
    }

    [Test]
    public async Task Export_OfAll_GivesEveryMessage()
    {
        var lines = (await Client.Http.GetStringAsync($"{ApiClient.Root}/conversations/{ConversationId}/export")).Split('\n');

        Assert.That(lines.Skip(1).Take(Messages).Select(line => Number(JsonElement.Parse(line))), Is.EqualTo(Expected));
        Assert.That(lines[Messages + 1], Does.Contain($"\"messages\":{Messages}"));
    }

    [Test]
    public async Task Follow_FromTheStart_GivesEveryMessageAtEveryDoor([Values] Door door)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Patience.Token);
        var seen = new List<string>();
        await foreach (var frame in Client.FollowAsync(door, ConversationId, position: null, over.Token))
        {
            if (frame.TryGetProperty("message", out var message))
            {
                seen.Add(Number(message));
            }

            if (seen.Count == Messages)
            {
                break;
            }
        }

        Assert.That(seen, Is.EqualTo(Expected));
    }

    /// <summary>Each keeps its page for as long as its client does not read.</summary>
    [Test]
    public async Task Page_OfAFollower_IsShort()
    {
        var events = Host.Services.GetRequiredService<EventRepository>();

        var page = await events.ReadForFollowerAsServiceAsync(ConversationId, 0, Messages, Patience.Token);

        Assert.That((page.IsCut, page.Rows.Count), Is.EqualTo((true, 1)));
    }

    [Test]
    public async Task Page_OfTwoLogs_IsCutAndSaysSo()
    {
        var other = await Client.CreateConversationAsync();
        await Client.SendAsync(other, new { role = "system", content = "short" });
        var events = Host.Services.GetRequiredService<EventRepository>();

        var page = await events.ReadAsServiceAsync([ConversationId, other], [0, 0], Messages, Patience.Token);
        var rest = await events.ReadAsServiceAsync([ConversationId, other], [10, 0], Messages, Patience.Token);

        Assert.Multiple(() =>
        {
            Assert.That(page.IsCut);
            Assert.That(page.Rows, Has.Count.EqualTo(5));
            Assert.That(rest.IsCut, Is.False);
            Assert.That(rest.Rows.Select(row => (row.ConversationId, row.Seq)), Is.EqualTo(((Guid, long)[])[(ConversationId, 11), (ConversationId, 12), (other, 1)]));
        });
    }

    [Test]
    public async Task List_OfLongMetadata_IsCutAsWell()
    {
        var other = await Client.CreateConversationAsync();
        for (var i = 0; i < 6; i++)
        {
            await Client.SendAsync(other, new { role = "system", content = "short", metadata = new { text = new string('x', Length) } });
        }

        var messages = await Host.Services.GetRequiredService<MessageRepository>().ListAsync(Caller.Service, other, new MessageRange(Limit: 6), Patience.Token);
        var events = await Host.Services.GetRequiredService<EventRepository>().ReadAsServiceAsync([other], [0], 6, Patience.Token);

        Assert.That((messages.Rows.Count, messages.IsCut, events.Rows.Count, events.IsCut), Is.EqualTo((5, true, 5, true)));
    }

    /// <summary>What was not read is not sent either, and the connection is as good as before.</summary>
    [Test]
    public async Task Page_ThatIsCut_LeavesItsConnectionUsable()
    {
        var messages = Host.Services.GetRequiredService<MessageRepository>();
        for (var i = 0; i < 20; i++)
        {
            var page = await messages.ListAsync(Caller.Service, ConversationId, new MessageRange(Limit: Messages), Patience.Token);
            Assert.That(page.IsCut);
            Assert.That((await messages.FindAsync(Caller.Service, ConversationId, page.Rows[0].Id, Patience.Token))?.Seq, Is.EqualTo(1));
        }
    }

    private static string Number(JsonElement message) => message.GetProperty("content").GetString()![..2];
}
