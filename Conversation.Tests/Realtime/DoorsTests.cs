using System.Net.Http.Json;
using System.Text.Json;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Conversation.Tests.Realtime;

/// <summary>What is particular to each door; that all of them tell the same is shown by the roaming clients.</summary>
[TestFixture]
internal sealed class DoorsTests : ConversationFixture
{
    [Test]
    public async Task Page_AfterTheReplysSeq_HoldsWhatFollowedTheWrite()
    {
        var first = await Client.SendAsync(ConversationId, new { role = "system", content = "1" });
        await Client.SendAsync(ConversationId, new { role = "system", content = "2" });

        var page = await Client.GetAsync($"/conversations/{ConversationId}/events?after={first.GetProperty("seq").GetInt64()}");

        Assert.That(page.EnumerateArray().Select(frame => frame.GetProperty("message").GetProperty("content").GetString()), Is.EqualTo(new[] { "2" }));
    }

    [Test]
    public async Task Page_Limit_ComesInPartsWithoutHole()
    {
        for (var i = 0; i < 5; i++)
        {
            await Client.SendAsync(ConversationId, new { role = "system", content = $"{i}" });
        }

        var reader = new V2Reader();
        for (var page = 0; page < 3; page++)
        {
            foreach (var frame in (await Client.GetAsync($"/conversations/{ConversationId}/events?limit=2&after={reader.Position}")).EnumerateArray())
            {
                reader.Apply(frame);
            }
        }

        Assert.That(reader.Seq, Is.EqualTo(5));
    }

    /// <summary>As whoever tidies up by SQL leaves it: told as a living message it would be one of no role and no text.</summary>
    [Test]
    public async Task Page_OfAMessageWhoseRowIsGone_SaysThatItIsDeleted()
    {
        var sent = await Client.SendAsync(ConversationId, new { role = "system", content = "gone" });
        var id = sent.GetProperty("id").GetGuid();
        await using (var command = Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("DELETE FROM messages WHERE id = $1"))
        {
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            Assert.That(await command.ExecuteNonQueryAsync(Patience.Token), Is.EqualTo(1));
        }

        var page = await Client.GetAsync($"/conversations/{ConversationId}/events");

        Assert.That(page[0].GetProperty("message").GetRawText(), Is.EqualTo($$"""{"id":"{{id}}","deleted":true}"""));
    }

    [TestCase("x")]
    [TestCase("1.2")]
    [TestCase("-1")]
    [TestCase("1.zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz.1.1")]
    [TestCase("99999999999999999999")]
    public async Task Page_BadPosition_IsRefused(string after) =>
        await Client.GetAsync($"/conversations/{ConversationId}/events?after={after}", 422);

    [Test]
    public async Task Sse_Stream_SaysWhenToComeBackAndCarriesPositionsAsIds()
    {
        await Client.SendAsync(ConversationId, new { role = "system", content = "x" });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{ApiClient.Root}/conversations/{ConversationId}/events?token={Client.Token}");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var anonymous = new HttpClient { BaseAddress = Host.Address };

        using var response = await anonymous.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var body = new StreamReader(await response.Content.ReadAsStreamAsync());
        var lines = new List<string>();
        while (lines.Count < 7)
        {
            lines.Add((await body.ReadLineAsync(Patience.Token))!);
        }

        Assert.Multiple(() =>
        {
            Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("text/event-stream"));
            Assert.That(lines[0], Is.EqualTo("retry: 1000"));
            Assert.That(lines[2], Is.EqualTo("id: 0"));
            Assert.That(lines[3], Does.StartWith("""data: {"type":"subscription.ready","""));
            Assert.That(lines[5], Is.EqualTo("id: 1"));
            Assert.That(lines[6], Does.StartWith("""data: {"type":"message.created","seq":1,"""));
        });
    }

    [Test]
    public async Task Socket_Commands_AreAnsweredByTheirId()
    {
        await using var socket = await V2Socket.ConnectAsync(Client, ConversationId, position: null);

        await socket.SendAsync(new { type = "ping", id = "p" });
        var pong = await socket.ReplyAsync("p");
        var message = new { role = "system", content = "by socket", client_message_id = "once" };
        await socket.SendAsync(new { type = "send", id = "s1", message });
        var sent = await socket.ReplyAsync("s1");
        await socket.SendAsync(new { type = "send", id = "s2", message });
        var again = await socket.ReplyAsync("s2");
        await socket.SendAsync(new { type = "send", id = "s3", message = new { role = "robot", content = "x" } });
        var refused = await socket.ReplyAsync("s3");
        await socket.SendAsync(new { type = "dance", id = "d" });
        var unknown = await socket.ReplyAsync("d");

        Assert.Multiple(() =>
        {
            Assert.That(pong.GetProperty("status").GetInt32(), Is.EqualTo(200));
            Assert.That(sent.GetProperty("status").GetInt32(), Is.EqualTo(201));
            Assert.That(again.GetProperty("message").GetRawText(), Is.EqualTo(sent.GetProperty("message").GetRawText()));
            Assert.That((refused.GetProperty("type").GetString(), refused.GetProperty("status").GetInt32()), Is.EqualTo(("error", 422)));
            Assert.That(unknown.GetProperty("status").GetInt32(), Is.EqualTo(422));
        });
        Assert.That(await Client.MessagesAsync(ConversationId), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Socket_Follow_BeginsAgainFromThePosition()
    {
        await Client.SendAsync(ConversationId, new { role = "system", content = "1" });
        await Client.SendAsync(ConversationId, new { role = "system", content = "2" });
        await using var socket = await V2Socket.ConnectAsync(Client, ConversationId, position: "2");
        await socket.UntilAsync(frame => LegacyClient.TypeOf(frame) == "subscription.ready");

        await socket.SendAsync(new { type = "follow", id = "f", position = "1" });
        var next = await socket.UntilAsync(frame => LegacyClient.TypeOf(frame) == "message.created");

        Assert.That(next.GetProperty("seq").GetInt64(), Is.EqualTo(2));
    }

    [Test]
    public async Task Legacy_AfterSeq_ReplaysWithoutDeletedMessages()
    {
        await Client.SendAsync(ConversationId, new { role = "system", content = "1" });
        var second = (await Client.SendAsync(ConversationId, new { role = "system", content = "2" })).GetProperty("id").GetString();
        var third = (await Client.SendAsync(ConversationId, new { role = "system", content = "3" })).GetProperty("id").GetString();
        using var deleted = await Client.Http.DeleteAsync($"{ApiClient.Root}/conversations/{ConversationId}/messages/{second}");

        await using var socket = await LegacyClient.ConnectAsync(Client, ConversationId, after: "1");
        await socket.NextAsync();
        var ack = (await socket.NextAsync())!.Value;

        Assert.That(ack.GetProperty("message_id").GetString(), Is.EqualTo(third));
    }

    /// <summary>As long as somebody follows, the latest events are kept as they were read: what was changed since is read again.</summary>
    [Test]
    public async Task Replay_OfWhatWasChangedWhileSomebodyFollowed_TellsItAsItIs()
    {
        await using var watcher = await V2Socket.ConnectAsync(Client, ConversationId, position: null);
        var deleted = (await Client.SendAsync(ConversationId, new { role = "system", content = "secret one" })).GetProperty("id").GetString();
        var edited = (await Client.SendAsync(ConversationId, new { role = "system", content = "secret two" })).GetProperty("id").GetString();
        await Client.SendAsync(ConversationId, new { role = "system", content = "kept" });
        var place = $"{ApiClient.Root}/conversations/{ConversationId}/messages";
        using var changing = await Client.Http.PatchAsJsonAsync($"{place}/{edited}", new { content = "redacted" });
        using var deleting = await Client.Http.DeleteAsync($"{place}/{deleted}");
        await watcher.UntilAsync(frame => LegacyClient.TypeOf(frame) == "message.deleted");

        await using var socket = await V2Socket.ConnectAsync(Client, ConversationId, position: null);
        var told = new List<string>();
        await socket.UntilAsync(frame =>
        {
            told.Add(frame.GetRawText());
            return LegacyClient.TypeOf(frame) == "message.deleted";
        });
        await using var legacy = await LegacyClient.ConnectAsync(Client, ConversationId, after: "0");
        await legacy.NextAsync();
        var ack = (await legacy.NextAsync())!.Value;

        Assert.Multiple(() =>
        {
            Assert.That(told, Has.None.Contains("secret").And.One.Contains("kept"));
            Assert.That(told.Count(frame => frame.Contains("redacted")), Is.EqualTo(2), "Its creation and its change.");
            Assert.That(ack.GetProperty("message_id").GetString(), Is.EqualTo(edited), "The deleted one is left out.");
        });
    }

    [TestCase("cancel", "run_id", "\"x\"")]
    [TestCase("send", "message", """{"role":"user","content":5}""")]
    [TestCase("send", "message", """{"role":"user","content":"a\u0000b"}""")]
    [TestCase("send", "message", """{"role":"user","content":"a","metadata_json":[]}""")]
    [TestCase("follow", "position", "5")]
    public async Task Command_WithAFieldOfAnotherType_IsRefusedByItsId(string type, string field, string value)
    {
        await using var socket = await V2Socket.ConnectAsync(Client, ConversationId, position: null);
        await socket.SendAsync(JsonElement.Parse($$"""{"{{field}}":{{value}},"type":"{{type}}","id":"odd"}"""));

        var refused = await socket.ReplyAsync("odd");

        Assert.That((LegacyClient.TypeOf(refused), refused.GetProperty("status").GetInt32()), Is.EqualTo(("error", 422)));
    }

    [Test]
    public async Task Heartbeats_WhileStreaming_TellTheHeadAndTheOffset()
    {
        await using var slow = await ApiHost.StartAsync(settings => settings with { SimulatedPaceMs = 200 });
        using var client = slow.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var socket = await V2Socket.ConnectAsync(client, conversation, position: null);
        await client.SayAsync(conversation, "Hello");

        var beat = await socket.UntilAsync(frame =>
            LegacyClient.TypeOf(frame) == "heartbeat" && frame.GetProperty("streaming").GetArrayLength() == 1
            && frame.GetProperty("streaming")[0].GetProperty("offset").GetInt32() > 0);

        Assert.That(beat.GetProperty("seq").GetInt64(), Is.GreaterThanOrEqualTo(5));
    }
}
