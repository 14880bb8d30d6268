using System.Net.Http.Json;
using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Messages;

[TestFixture]
internal sealed class MessagesControllerTests : ConversationFixture
{
    [Test]
    public async Task Send_Stored_AnswersTheMessageWithItsSeqAndNoRun()
    {
        var body = await Client.SendAsync(ConversationId, new { role = "assistant", content = "Hi", metadata = new { source = "test" } });

        Assert.Multiple(() =>
        {
            Assert.That(body.GetProperty("conversation_id").GetGuid(), Is.EqualTo(ConversationId));
            Assert.That(body.GetProperty("seq").GetInt64(), Is.EqualTo(1));
            Assert.That(body.GetProperty("role").GetString(), Is.EqualTo("assistant"));
            Assert.That(body.GetProperty("metadata_json").GetRawText(), Is.EqualTo("""{"source":"test"}"""));
            Assert.That(body.GetProperty("metadata").GetRawText(), Is.EqualTo("""{"source":"test"}"""));
            Assert.That(body.GetProperty("status").GetString(), Is.EqualTo("stored"));
            Assert.That(body.GetProperty("run_id").ValueKind, Is.EqualTo(JsonValueKind.Null));
        });
        var listed = await Client.MessagesAsync(ConversationId);
        Assert.That(listed.Single().GetRawText(), Is.EqualTo(body.GetRawText()));
    }

    [Test]
    public async Task Send_UserWithoutRun_OnlyStores()
    {
        var body = await Client.SendAsync(ConversationId, new { role = "user", content = "Note to self", run = false });

        Assert.That(body.GetProperty("run_id").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That((await Client.GetAsync($"/conversations/{ConversationId}/runs")).GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task List_EveryCut_GivesThatPart()
    {
        var ids = new List<string>();
        for (var i = 1; i <= 6; i++)
        {
            ids.Add((await Client.SendAsync(ConversationId, new { role = "system", content = $"{i}" })).GetProperty("id").GetString()!);
        }

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(await ContentsAsync(""), Is.EqualTo("123456"));
            Assert.That(await ContentsAsync("?limit=2"), Is.EqualTo("12"));
            Assert.That(await ContentsAsync("?after=2&limit=2"), Is.EqualTo("34"));
            Assert.That(await ContentsAsync($"?after={ids[3]}"), Is.EqualTo("56"));
            Assert.That(await ContentsAsync($"?before={ids[3]}"), Is.EqualTo("123"));
            Assert.That(await ContentsAsync("?order=desc&limit=2"), Is.EqualTo("65"));
            Assert.That(await ContentsAsync("?order=desc&before=3"), Is.EqualTo("21"));
            Assert.That(await ContentsAsync("?after=2&before=5"), Is.EqualTo("34"));
        });
    }

    [TestCase("asc", "12345")]
    [TestCase("desc", "54321")]
    public async Task List_ByLinks_GivesEveryMessageOnce(string order, string expected)
    {
        for (var i = 1; i <= 5; i++)
        {
            await Client.SendAsync(ConversationId, new { role = "system", content = $"{i}" });
        }

        var seen = "";
        for (string? path = $"{ApiClient.Root}/conversations/{ConversationId}/messages?limit=2&order={order}"; path is not null;)
        {
            using var response = await Client.Http.GetAsync(path);
            seen += string.Concat((await ApiClient.ReadAsync(response, 200)).EnumerateArray().Select(Content));
            path = response.Headers.TryGetValues("Link", out var link) ? link.Single().Split('<', '>')[1] : null;
        }

        Assert.That(seen, Is.EqualTo(expected));
    }

    [Test]
    public async Task EditAndDelete_Message_ChangeWhatIsListedAndKeepTheOrder()
    {
        var first = (await Client.SendAsync(ConversationId, new { role = "system", content = "first" })).GetProperty("id").GetString();
        var second = (await Client.SendAsync(ConversationId, new { role = "system", content = "second" })).GetProperty("id").GetString();
        await Client.SendAsync(ConversationId, new { role = "system", content = "third" });

        using var edit = await Client.Http.PatchAsJsonAsync(Path(first), new { content = "edited", metadata_json = new { by = "me" } });
        var edited = await ApiClient.ReadAsync(edit, 200);
        using var delete = await Client.Http.DeleteAsync(Path(second));

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(edited.GetProperty("content").GetString(), Is.EqualTo("edited"));
            Assert.That(edited.GetProperty("seq").GetInt64(), Is.EqualTo(1));
            Assert.That(edited.GetProperty("metadata_json").GetRawText(), Is.EqualTo("""{"by":"me"}"""));
            Assert.That((int)delete.StatusCode, Is.EqualTo(204));
            Assert.That((await Client.MessagesAsync(ConversationId)).Select(Content), Is.EqualTo(new[] { "edited", "third" }));
        });
        await Client.GetAsync($"/conversations/{ConversationId}/messages/{second}", 404);
        using var again = await Client.Http.DeleteAsync(Path(second));
        await ApiClient.ReadAsync(again, 404);
    }

    [Test]
    public async Task List_WhileStreaming_ShowsTheTextSoFarAndRefusesEdits()
    {
        var conversation = await Client.CreateConversationAsync(ApiClient.Endless);
        await using var socket = await LegacyClient.ConnectAsync(Client, conversation);
        var run = (await Client.SayAsync(conversation, "Hello")).GetProperty("run_id").GetGuid();
        var frames = await socket.UntilAsync("stream");
        var answer = (await Client.MessagesAsync(conversation))[1];
        for (var patience = Patience.Token; Content(answer).Length == 0; patience.ThrowIfCancellationRequested())
        {
            answer = (await Client.MessagesAsync(conversation))[1];
        }

        using var edit = await Client.Http.PatchAsJsonAsync(
            $"{ApiClient.Root}/conversations/{conversation}/messages/{answer.GetProperty("id").GetString()}", new { content = "no" });
        await Client.CancelAsync(run);
        frames.AddRange(await socket.UntilAsync("complete"));

        Assert.Multiple(() =>
        {
            Assert.That(answer.GetProperty("status").GetString(), Is.EqualTo("streaming"));
            Assert.That(LegacyClient.TextOf(frames), Does.StartWith(Content(answer)));
            Assert.That((int)edit.StatusCode, Is.EqualTo(409));
        });
    }

    private static string Content(JsonElement message) => message.GetProperty("content").GetString()!;

    private string Path(string? message) => $"{ApiClient.Root}/conversations/{ConversationId}/messages/{message}";

    private async Task<string> ContentsAsync(string query) => string.Concat(
        (await Client.GetAsync($"/conversations/{ConversationId}/messages{query}")).EnumerateArray().Select(Content));
}
