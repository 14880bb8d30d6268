using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Transfer;

/// <summary>What is exported and imported is the same conversation, apart from its ids.</summary>
[TestFixture]
internal sealed class RoundTripTests : ConversationFixture
{
    [Test]
    public async Task Import_OfEverythingThereIs_ExportsTheSame()
    {
        const string Odd = """{"z":1.0,"a":1e400,"z":"twice","deep":{"n":10000000000000000999}}""";
        var conversation = await Client.CreateConversationAsync(new { title = "Über 🙂 \u2028 \"x\"", metadata_json = new { agent = "words=7" } });
        await ChangeAsync(conversation, """{"status":"archived","on_busy":"reject"}""");
        await PostAsync(conversation, $$"""{"role":"system","content":"Be\nkind.","metadata_json":{{Odd}}}""");
        await PostAsync(conversation, """{"role":"assistant","content":"a note"}""");
        var deleted = await Client.SendAsync(conversation, new { role = "user", content = "regretted", run = false });
        await Client.Http.DeleteAsync($"{ApiClient.Root}/conversations/{conversation}/messages/{deleted.GetProperty("id").GetString()}");
        await AnsweredAsync(conversation, () => Client.SayAsync(conversation, "Hello"));
        await AnsweredAsync(conversation, () => RepeatAsync(conversation));

        var file = await Client.ExportAsync(conversation);
        var again = await Client.ImportAsync(file);

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(await Client.ExportAsync(again), Is.EqualTo(file));
            Assert.That(file, Does.Contain($"\"metadata_json\":{Odd}").And.Contain("superseded").And.Not.Contain("regretted"));
            Assert.That(TransferFile.Lines(file), Has.Count.EqualTo(1 + 5 + 1));
            Assert.That(file, Does.Not.Contain("_id\"").And.Not.Contain("\"id\""), "Ids would be wrong elsewhere.");
            Assert.That((await Client.GetAsync($"/conversations/{again}/runs")).GetArrayLength(), Is.Zero, "Nothing is answered again.");
            Assert.That((await Client.MessagesAsync(again)).Select(Without), Is.EqualTo((await Client.MessagesAsync(conversation)).Select(Without)));
        });
    }

    [Test]
    public async Task Import_OfPlainMessages_ReadsAsThoughTheyHadBeenSent()
    {
        foreach (var role in (string[])["user", "assistant", "system"])
        {
            await Client.SendAsync(ConversationId, new { role, content = $"from {role}", run = false, metadata_json = new { n = 1 } });
        }

        var again = await Client.ImportAsync(await Client.ExportAsync(ConversationId));

        var events = await Client.GetAsync($"/conversations/{again}/events");
        Assert.That(events.GetArrayLength(), Is.EqualTo(3));
        Assert.That(events.EnumerateArray().Select(Without), Is.EqualTo((await Client.GetAsync($"/conversations/{ConversationId}/events")).EnumerateArray().Select(Without)));
    }

    [TestCase(Door.Hub)]
    [TestCase(Door.Socket)]
    [TestCase(Door.Sse)]
    [TestCase(Door.Page)]
    public async Task Import_IsFollowed_FromItsStartAndOn(Door door)
    {
        var contents = Enumerable.Range(0, 600).Select(i => $"Message {i}").ToArray();
        var conversation = await Client.ImportAsync(TransferFile.Of(contents));
        var wanderer = new Wanderer(conversation, door, Client);
        var seeing = wanderer.SeeAsync(frame => LegacyClient.TypeOf(frame) == "run.completed");

        await Client.SayAsync(conversation, "And now?");
        await seeing.OrTimeout();

        var stored = await Client.MessagesAsync(conversation);
        Assert.Multiple(() =>
        {
            Assert.That(stored.Select(Content).Take(600), Is.EqualTo(contents));
            Assert.That(stored, Has.Count.EqualTo(602));
            Assert.That(
                stored.Select(message => wanderer.Reader.TextOf(message.GetProperty("id").GetString()!)), Is.EqualTo(stored.Select(Content)));
        });
    }

    [Test]
    public async Task Export_OfAnAnswerInTheMaking_ComesBackInterrupted()
    {
        var conversation = await Client.CreateConversationAsync(new { metadata_json = new { agent = "words=50&hangs_after=20" } });
        await Client.SayAsync(conversation, "Hello");
        var answer = await AnswerOfAsync(conversation, length: 1);

        var again = await Client.ImportAsync(await Client.ExportAsync(conversation));

        var copy = (await Client.MessagesAsync(again))[1];
        Assert.Multiple(() =>
        {
            Assert.That(copy.GetProperty("status").GetString(), Is.EqualTo("interrupted"));
            Assert.That(copy.GetProperty("finish_reason").GetString(), Is.EqualTo("unfinished"));
            Assert.That(Content(copy), Does.StartWith(Content(answer)));
            Assert.That(copy.GetProperty("run_id").ValueKind, Is.EqualTo(JsonValueKind.Null));
        });
    }

    [Test]
    public async Task Export_OfAnother_IsNotThere()
    {
        using var stranger = Host.AsUser();
        await stranger.GetAsync($"/conversations/{ConversationId}/export", 404);
    }

    [Test]
    public async Task Export_OfWhatIsDeletedMeanwhile_HasNoEnd()
    {
        // More than every buffer on the way holds.
        var conversation = await Client.ImportAsync(TransferFile.Of([.. Enumerable.Repeat(new string('x', 100_000), 400)]));
        using var response = await Client.Http.GetAsync(
            $"{ApiClient.Root}/conversations/{conversation}/export", HttpCompletionOption.ResponseHeadersRead);

        using var deleted = await Client.Http.DeleteAsync($"{ApiClient.Root}/conversations/{conversation}");

        Assert.That(deleted.IsSuccessStatusCode);
        Assert.That(() => response.Content.ReadAsStringAsync(Patience.Token), Throws.InstanceOf<HttpRequestException>());
    }

    /// <summary>Until the first messages are there nothing is on its way, and the answer can still say what is wrong.</summary>
    [Test]
    public async Task Export_OfWhatCannotBeRead_IsOneProblem()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var source = NpgsqlDataSource.Create(host.ConnectionString);
        await using var hide = source.CreateCommand("ALTER TABLE messages RENAME TO messages_away");
        await hide.ExecuteNonQueryAsync();

        using var response = await client.Http.GetAsync($"{ApiClient.Root}/conversations/{conversation}/export");

        var problem = await ApiClient.ReadAsync(response, 503);
        Assert.That(problem.GetProperty("status").GetInt32(), Is.EqualTo(503));
        Assert.That(response.Content.Headers.ContentDisposition, Is.Null);
    }

    [Test]
    public async Task Import_ByAMachine_MayNameTheOwner()
    {
        var owner = Guid.CreateVersion7();
        using var machine = Host.As(TestTokens.Machine());
        using var response = await machine.PostFileAsync(TransferFile.Of("Hello"), $"?owner_id={owner}");
        var id = (await ApiClient.ReadAsync(response, 201)).GetProperty("id").GetGuid();

        using var client = Host.AsUser(owner);
        Assert.That((await client.MessagesAsync(id)).Select(Content), Is.EqualTo(new[] { "Hello" }));
        using var refused = await Client.PostFileAsync(TransferFile.Of("Hello"), $"?owner_id={owner}");
        await ApiClient.ReadAsync(refused, 403);
    }

    private static string Content(JsonElement message) => message.GetProperty("content").GetString()!;

    /// <summary>Without what is new in a copy: ids, numbers and the times of events.</summary>
    private static string Without(JsonElement element)
    {
        var text = new StringBuilder();
        foreach (var property in element.EnumerateObject().Where(one => one.Name is not ("id" or "conversation_id" or "run_id" or "seq" or "at" or "position")))
        {
            text.Append(property.Name).Append('=');
            text.Append(property.Value.ValueKind == JsonValueKind.Object ? Without(property.Value) : property.Value.GetRawText()).Append(';');
        }

        return text.ToString();
    }

    private async Task ChangeAsync(Guid conversation, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Client.Http.PatchAsync($"{ApiClient.Root}/conversations/{conversation}", content);
        await ApiClient.ReadAsync(response, 200);
    }

    private async Task PostAsync(Guid conversation, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Client.Http.PostAsync($"{ApiClient.Root}/conversations/{conversation}/messages", content);
        await ApiClient.ReadAsync(response, 201);
    }

    private async Task RepeatAsync(Guid conversation)
    {
        using var response = await Client.Http.PostAsJsonAsync($"{ApiClient.Root}/conversations/{conversation}/runs", new { });
        Assert.That(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task AnsweredAsync(Guid conversation, Func<Task> ask)
    {
        var from = (await Client.GetAsync($"/conversations/{conversation}")).GetProperty("last_seq").GetInt64();
        await using var socket = await V2Socket.ConnectAsync(Client, conversation, from.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await ask();
        await socket.UntilAsync(frame => LegacyClient.TypeOf(frame) == "run.completed");
    }

    /// <summary>The answer, once some of its text is stored.</summary>
    private async Task<JsonElement> AnswerOfAsync(Guid conversation, int length)
    {
        for (var patience = Patience.Token; ;)
        {
            patience.ThrowIfCancellationRequested();
            var messages = await Client.MessagesAsync(conversation);
            if (messages.Count > 1 && Content(messages[1]).Length >= length)
            {
                return messages[1];
            }
        }
    }
}
