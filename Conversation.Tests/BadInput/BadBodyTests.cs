using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.BadInput;

/// <summary>What is wrong gets a clear error, never a 500, and nothing is stored.</summary>
[TestFixture]
internal sealed class BadBodyTests
{
    private ApiHost _host = null!;
    private ApiClient _client = null!;
    private Guid _conversation;

    private static string Nested(int depth) => string.Concat(Enumerable.Repeat("""{"a":""", depth)) + "1" + new string('}', depth);

    private static IEnumerable<TestCaseData> BadMessages()
    {
        yield return new TestCaseData("", 422).SetArgDisplayNames("no body");
        yield return new TestCaseData("{", 422).SetArgDisplayNames("half a body");
        yield return new TestCaseData("[]", 422).SetArgDisplayNames("a list");
        yield return new TestCaseData("null", 422).SetArgDisplayNames("null");
        yield return new TestCaseData("{}", 422).SetArgDisplayNames("nothing in it");
        yield return new TestCaseData("""{"role":"user"}""", 422).SetArgDisplayNames("no content");
        yield return new TestCaseData("""{"content":"x"}""", 422).SetArgDisplayNames("no role");
        yield return new TestCaseData("""{"role":"user","content":""}""", 422).SetArgDisplayNames("empty content");
        yield return new TestCaseData("""{"role":"user","content":null}""", 422).SetArgDisplayNames("null content");
        yield return new TestCaseData("""{"role":"user","content":7}""", 422).SetArgDisplayNames("a number as content");
        yield return new TestCaseData("""{"role":"robot","content":"x"}""", 422).SetArgDisplayNames("unknown role");
        yield return new TestCaseData("""{"role":"USER","content":"x"}""", 422).SetArgDisplayNames("role in capitals");
        yield return new TestCaseData("""{"role":"user","content":"a\u0000b"}""", 422).SetArgDisplayNames("NUL in content");
        yield return new TestCaseData("""{"role":"user","content":"\ud83d"}""", 422).SetArgDisplayNames("half a pair in content");
        yield return new TestCaseData("""{"role":"user","content":"x","metadata_json":[]}""", 422).SetArgDisplayNames("metadata a list");
        yield return new TestCaseData("""{"role":"user","content":"x","metadata_json":"x"}""", 422).SetArgDisplayNames("metadata a string");
        yield return new TestCaseData("""{"role":"user","content":"x","metadata":{"a":"\u0000"}}""", 422).SetArgDisplayNames("NUL in metadata");
        yield return new TestCaseData("""{"role":"user","content":"x","metadata":{"\udc00":1}}""", 422).SetArgDisplayNames("half a pair in a key");
        yield return new TestCaseData($$"""{"role":"user","content":"x","metadata_json":{{Nested(200)}}}""", 422).SetArgDisplayNames("200 deep");
        yield return new TestCaseData($$"""{"role":"user","content":"x","metadata_json":{{Nested(33)}}}""", 422).SetArgDisplayNames("33 deep");
        yield return new TestCaseData("""{"role":"user","content":"x","run":"yes"}""", 422).SetArgDisplayNames("run no boolean");
        yield return new TestCaseData($$"""{"role":"user","content":"{{new string('x', (1024 * 1024) + 1)}}"}""", 413).SetArgDisplayNames("too long");
        yield return new TestCaseData($$"""{"role":"user","content":"{{new string('é', (512 * 1024) + 1)}}"}""", 413).SetArgDisplayNames("too long in bytes");
        yield return new TestCaseData($$"""{"role":"user","content":"{{new string('x', 14 * 1024 * 1024)}}"}""", 413).SetArgDisplayNames("14 MB");
    }

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
        var stored = await _client.MessagesAsync(_conversation);
        _client.Dispose();
        await _host.DisposeAsync();
        Assert.That(stored, Is.Empty, "Something that was refused was stored.");
    }

    [TestCaseSource(nameof(BadMessages))]
    public async Task Send_BadBody_IsRefusedWithAReason(string body, int status) =>
        await RefusedAsync(HttpMethod.Post, $"/conversations/{_conversation}/messages", Json(body), status);

    [TestCase("""{"title":7}""")]
    [TestCase("""{"owner_id":"me"}""")]
    [TestCase("""{"metadata_json":7}""")]
    [TestCase("""{"title":"\u0000"}""")]
    [TestCase("")]
    public async Task Create_BadBody_IsRefusedWithAReason(string body) =>
        await RefusedAsync(HttpMethod.Post, "/conversations", Json(body), 422);

    [Test]
    public async Task Create_TitleTooLong_IsRefusedAndTheLongestIsNot()
    {
        await RefusedAsync(HttpMethod.Post, "/conversations", Json($$"""{"title":"{{new string('t', 256)}}"}"""), 422);
        await _client.CreateConversationAsync(new { title = new string('t', 255) });
    }

    [TestCase("/conversations/not-a-uuid", 422)]
    [TestCase("/conversations?limit=0", 422)]
    [TestCase("/conversations?limit=x", 422)]
    [TestCase("/conversations?after=***", 422)]
    [TestCase("/conversations/{0}/messages?limit=0", 422)]
    [TestCase("/conversations/{0}/messages?limit=99999999999", 422)]
    [TestCase("/conversations/{0}/messages?after=-1", 422)]
    [TestCase("/conversations/{0}/messages?after=nobody", 422)]
    [TestCase("/conversations/{0}/messages?before=01234567-89ab-7def-8123-456789abcdef", 422)]
    [TestCase("/conversations/{0}/messages?order=up", 422)]
    [TestCase("/conversations/{0}/messages/7", 422)]
    [TestCase("/runs/7", 422)]
    [TestCase("/runs/01234567-89ab-7def-8123-456789abcdef", 404)]
    [TestCase("/nowhere", 404)]
    public async Task Get_BadAddress_IsRefusedWithAReason(string path, int status) =>
        await RefusedAsync(HttpMethod.Get, string.Format(null, path, _conversation), content: null, status);

    [Test]
    public async Task Send_WrongMethodOrContentType_IsRefusedWithAReason()
    {
        await RefusedAsync(HttpMethod.Put, "/conversations", Json("{}"), 405);
        await RefusedAsync(
            HttpMethod.Post, "/conversations", new StringContent("title=x", Encoding.UTF8, "application/x-www-form-urlencoded"), 415);
    }

    [Test]
    public async Task Send_BrokenUtf8_IsRefusedWithAReason()
    {
        byte[] body = [.. """{"role":"user","content":"""u8, (byte)'"', 0xC3, 0x28, (byte)'"', (byte)'}'];
        var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

        await RefusedAsync(HttpMethod.Post, $"/conversations/{_conversation}/messages", content, 422);
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private async Task RefusedAsync(HttpMethod method, string path, HttpContent? content, int status)
    {
        using var request = new HttpRequestMessage(method, $"{ApiClient.Root}{path}") { Content = content };
        // A body that is refused unread must not be on its way when the answer comes.
        request.Headers.ExpectContinue = content?.Headers.ContentLength > 2 * 1024 * 1024;
        using var response = await _client.Http.SendAsync(request);
        var problem = await ApiClient.ReadAsync(response, status);
        Assert.Multiple(() =>
        {
            Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
            Assert.That(problem.GetProperty("detail").ValueKind, Is.EqualTo(JsonValueKind.String));
            Assert.That(problem.TryGetProperty("errors", out _), Is.EqualTo(status == 422), problem.GetRawText());
            Assert.That(problem.GetRawText(), Does.Not.Contain("System.").And.Not.Contain("   at "));
        });
    }
}
