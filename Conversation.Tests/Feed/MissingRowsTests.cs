using System.Diagnostics.Metrics;
using System.Net.WebSockets;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Feed;

/// <summary>A log whose first events are gone, as no rule of this service leaves it: a reader of them waits, and asks for nothing meanwhile.</summary>
[TestFixture]
internal sealed class MissingRowsTests : ConversationFixture
{
    private const int Gone = 3;

    [SetUp]
    public async Task LoseAsync()
    {
        for (var i = 0; i <= Gone; i++)
        {
            await Client.SendAsync(ConversationId, new { role = "system", content = "noted" });
        }

        await using var connection = new NpgsqlConnection(Host.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("DELETE FROM conversation_events WHERE conversation_id = $1 AND seq <= $2", connection)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = ConversationId }, new NpgsqlParameter<long> { TypedValue = Gone } },
        };
        Assert.That(await command.ExecuteNonQueryAsync(), Is.EqualTo(Gone));
    }

    [Test]
    public async Task Follow_NextEventIsGone_AsksOnceForEachThatHappens()
    {
        var pages = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name == "conversation.ranges.collapsed")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => Interlocked.Increment(ref pages));
        listener.Start();
        await using var lost = await V2Socket.ConnectAsync(Client, ConversationId, position: "0");
        await using var other = await V2Socket.ConnectAsync(Client, ConversationId, position: $"{Gone}");
        await lost.NextAsync();
        const int More = 20;
        for (var i = 0; i < More; i++)
        {
            var created = await Client.SendAsync(ConversationId, new { role = "system", content = "more" });
            await other.UntilAsync(frame => frame.TryGetProperty("message", out var message)
                && message.GetProperty("id").GetString() == created.GetProperty("id").GetString());
        }

        using var deleted = await Client.Http.DeleteAsync($"{ApiClient.Root}/conversations/{ConversationId}");
        await lost.ClosedAsync();

        Assert.That(lost.CloseStatus, Is.EqualTo(WebSocketCloseStatus.PolicyViolation));
        // One of the other's, and of the lost one's one for each event and for each look that has news.
        Assert.That(pages, Is.InRange(1, (2 * More) + 10));
    }

    [Test]
    public async Task Page_NextEventIsGone_IsEmpty()
    {
        var page = await Client.GetAsync($"/conversations/{ConversationId}/events?after=0");

        Assert.That(page.EnumerateArray().Select(LegacyClient.TypeOf), Is.Empty);
    }
}
