using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.SignalR.Client;

namespace Conversation.Tests.BadInput;

/// <summary>
/// JSONTestSuite and the big list of naughty strings, where they lie beside the checkout: every malformed body is refused, every
/// string that is accepted comes back as it was sent.
/// </summary>
[TestFixture]
internal sealed class CorpusTests
{
    private ApiHost _host = null!;
    private ApiClient _client = null!;
    private Guid _conversation;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync();
        _client = _host.AsUser();
        _conversation = await _client.CreateConversationAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
    }

    [Test]
    public async Task Metadata_JsonTestSuite_MalformedIsRefusedAndWellFormedObjectsComeBack()
    {
        foreach (var file in Directory.EnumerateFiles(Corpus("jsontestsuite/test_parsing"), "*.json").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(file);
            var json = await File.ReadAllBytesAsync(file);
            byte[] body = [.. """{"role":"system","content":"x","metadata_json":"""u8, .. json, (byte)'}'];
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var response = await _client.Http.PostAsync($"{ApiClient.Root}/conversations/{_conversation}/messages", content);

            Assert.That((int)response.StatusCode, Is.AnyOf(201, 422), name);
            if (name.StartsWith("n_", StringComparison.Ordinal) && !ClosesTheBody(name))
            {
                Assert.That((int)response.StatusCode, Is.EqualTo(422), name);
            }

            if ((int)response.StatusCode == 201)
            {
                var text = await response.Content.ReadAsStringAsync();
                var listed = await _client.Http.GetStringAsync(
                    $"{ApiClient.Root}/conversations/{_conversation}/messages/{JsonElement.Parse(text).GetProperty("id").GetString()}");
                Assert.That(listed, Is.EqualTo(text), name);
            }
        }
    }

    [Test]
    public async Task Body_JsonTestSuite_MalformedIsRefusedAtEveryRoute()
    {
        foreach (var file in Directory.EnumerateFiles(Corpus("jsontestsuite/test_parsing"), "n_*.json"))
        {
            foreach (var path in new[] { "/conversations", $"/conversations/{_conversation}/messages" })
            {
                using var content = new ByteArrayContent(await File.ReadAllBytesAsync(file))
                {
                    Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
                };
                using var response = await _client.Http.PostAsync($"{ApiClient.Root}{path}", content);
                Assert.That((int)response.StatusCode, Is.EqualTo(422), $"{Path.GetFileName(file)} at {path}");
            }
        }
    }

    [Test]
    public async Task Frame_JsonTestSuite_MalformedIsAnErrorOrAClose()
    {
        var socket = await V2Socket.ConnectAsync(_client, _conversation, position: null);
        foreach (var file in Directory.EnumerateFiles(Corpus("jsontestsuite/test_parsing"), "n_*.json").Order(StringComparer.Ordinal))
        {
            await socket.SendBytesAsync(await File.ReadAllBytesAsync(file));

            if (await ErrorAsync(socket) is not { } error)
            {
                // A text frame must be UTF-8. The reason may be lost where the connection is cut off behind it.
                Assert.That(socket.CloseStatus, Is.Null.Or.EqualTo(WebSocketCloseStatus.InvalidPayloadData), Path.GetFileName(file));
                await socket.DisposeAsync();
                socket = await V2Socket.ConnectAsync(_client, _conversation, position: null);
                continue;
            }

            Assert.That(error.GetProperty("status").GetInt32(), Is.EqualTo(422), Path.GetFileName(file));
        }

        await socket.DisposeAsync();
    }

    /// <summary>Null where the socket was closed or cut off.</summary>
    private static async Task<JsonElement?> ErrorAsync(V2Socket socket)
    {
        try
        {
            for (var patience = Patience.Token; await socket.NextAsync(patience) is { } frame;)
            {
                if (LegacyClient.TypeOf(frame) is "error" or "reply")
                {
                    return frame;
                }
            }
        }
        catch (WebSocketException)
        {
            // Cut off, as told in the summary.
        }

        return null;
    }

    [Test]
    public async Task Content_NaughtyStrings_ComeBackAsTheyWereSentAtEveryDoor()
    {
        var strings = JsonSerializer.Deserialize<string[]>(await File.ReadAllTextAsync(Path.Combine(Corpus("naughty"), "blns.json")))!
            .Where(text => text.Length > 0)
            .ToArray();
        var conversation = await _client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(_client, conversation);
        await using var hub = await HubClient.ConnectAsync(_client);
        await using var v2 = await V2Socket.ConnectAsync(_client, conversation, position: null);
        await socket.NextAsync();

        foreach (var text in strings)
        {
            var byRest = await _client.SendAsync(conversation, new { role = "system", content = text });
            var byHub = await hub.Connection.InvokeAsync<JsonElement>(
                "SendMessage", conversation, new { role = "system", content = text }, Patience.Token);
            await v2.SendAsync(new { type = "send", id = "c", message = new { role = "system", content = text } });
            var byV2 = (await v2.ReplyAsync("c")).GetProperty("message");
            await socket.SendAsync(text);
            var echo = await socket.UntilAsync("echo");
            Assert.That(
                new[] { byRest, byHub, byV2, echo[^1] }.Select(message => message.GetProperty("content").GetString()),
                Is.All.EqualTo(text));
        }

        var listed = (await _client.MessagesAsync(conversation)).Select(message => message.GetProperty("content").GetString());
        Assert.That(listed, Is.EqualTo(strings.SelectMany(text => new[] { text, text, text })));
        var followed = V2Text.Apply(await hub.FollowUntilSeqAsync(conversation, strings.Length * 3));
        Assert.That(followed.Values, Is.EqualTo(strings.SelectMany(text => new[] { text, text, text })));
    }

    /// <summary>Malformed alone, but well-formed with the brace that follows it here.</summary>
    private static bool ClosesTheBody(string name) => name is "n_structure_object_unclosed_no_value.json";

    private static string Corpus(string name)
    {
        var checkout = Conversation.Data.EmbeddedPostgres.EmbeddedPostgresFolder.Checkout(AppContext.BaseDirectory)!;
        var folder = Path.Combine(
            Environment.GetEnvironmentVariable("CONVERSATION_TEST_CORPORA") ?? Path.Combine(checkout, "..", "shared", "corpora"), name);
        if (!Directory.Exists(folder))
        {
            Assert.Ignore($"The corpus is not here; set CONVERSATION_TEST_CORPORA to a folder that holds {name}.");
        }

        return folder;
    }
}
