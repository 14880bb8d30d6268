using System.Net.Http.Json;
using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Conversations;

[TestFixture]
internal sealed class ConversationsControllerTests
{
    private ApiHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await ApiHost.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [Test]
    public async Task Create_Everything_AnswersTheWholeBodyAndItsPlace()
    {
        var user = Guid.CreateVersion7();
        using var client = _host.AsUser(user);

        using var response = await client.Http.PostAsJsonAsync(
            $"{ApiClient.Root}/conversations/", new { title = "Über 🙂", metadata_json = new { b = 1, a = new[] { "x" } } });
        var body = await ApiClient.ReadAsync(response, 201);
        var read = await client.GetAsync($"/conversations/{body.GetProperty("id").GetString()}");

        Assert.Multiple(() =>
        {
            Assert.That(response.Headers.Location?.ToString(), Does.EndWith($"/conversations/{body.GetProperty("id").GetString()}"));
            Assert.That(body.GetProperty("title").GetString(), Is.EqualTo("Über 🙂"));
            Assert.That(body.GetProperty("owner_id").GetGuid(), Is.EqualTo(user));
            Assert.That(body.GetProperty("metadata_json").GetRawText(), Is.EqualTo("""{"b":1,"a":["x"]}"""));
            Assert.That(body.GetProperty("metadata").GetRawText(), Is.EqualTo("""{"b":1,"a":["x"]}"""));
            Assert.That(body.GetProperty("status").GetString(), Is.EqualTo("pending"));
            Assert.That(body.GetProperty("on_busy").GetString(), Is.EqualTo("enqueue"));
            Assert.That(body.GetProperty("last_seq").GetInt64(), Is.Zero);
            Assert.That(read.GetRawText(), Is.EqualTo(body.GetRawText()));
        });
    }

    [TestCase("metadata_json")]
    [TestCase("metadata")]
    public async Task Create_EitherMetadataName_IsKeptAsItWasSent(string name)
    {
        using var client = _host.AsUser();
        const string Sent = """{"z":1.0,"a":1e400,"z":"twice","deep":{"n":10000000000000000999}}""";

        using var response = await client.Http.PostAsync(
            $"{ApiClient.Root}/conversations", new StringContent($$"""{"{{name}}":{{Sent}}}""", null, "application/json"));
        var id = (await ApiClient.ReadAsync(response, 201)).GetProperty("id").GetString();

        var text = await client.Http.GetStringAsync($"{ApiClient.Root}/conversations/{id}");
        Assert.That(text, Does.Contain($"\"metadata_json\":{Sent}"));
    }

    [Test]
    public async Task List_PagesByLink_LatestActivityFirstWithoutHoleOrDouble()
    {
        using var client = _host.AsUser();
        var ids = new List<Guid>();
        for (var i = 0; i < 7; i++)
        {
            ids.Add(await client.CreateConversationAsync());
        }

        await client.SendAsync(ids[2], new { role = "system", content = "active again" });
        var listed = new List<Guid>();
        for (string? path = "/api/v1/conversations?limit=3"; path is not null;)
        {
            using var response = await client.Http.GetAsync(path);
            var page = await ApiClient.ReadAsync(response, 200);
            listed.AddRange(page.EnumerateArray().Select(one => one.GetProperty("id").GetGuid()));
            path = response.Headers.TryGetValues("Link", out var link) ? link.Single().Split('<', '>')[1] : null;
        }

        Assert.That(listed, Is.EqualTo(new[] { ids[2], ids[6], ids[5], ids[4], ids[3], ids[1], ids[0] }));
    }

    [Test]
    public async Task Metadata_AsLongAsAllowed_MakesShorterPagesAndLongerIsRefused()
    {
        using var client = _host.AsUser();
        var ids = new List<Guid>();
        for (var i = 0; i < 6; i++)
        {
            ids.Add(await client.CreateConversationAsync(new { metadata_json = new { text = new string('x', 900_000) } }));
        }

        var tooLong = new { metadata_json = new { text = new string('x', 1024 * 1024) } };
        using var created = await client.Http.PostAsJsonAsync($"{ApiClient.Root}/conversations/", tooLong);
        using var changed = await client.Http.PatchAsJsonAsync($"{ApiClient.Root}/conversations/{ids[0]}", tooLong);
        using var first = await client.Http.GetAsync($"{ApiClient.Root}/conversations?limit=6");
        var page = await ApiClient.ReadAsync(first, 200);
        using var second = await client.Http.GetAsync(first.Headers.GetValues("Link").Single().Split('<', '>')[1]);
        var rest = await ApiClient.ReadAsync(second, 200);

        Assert.That(((int)created.StatusCode, (int)changed.StatusCode), Is.EqualTo((413, 413)));
        Assert.That(page.GetArrayLength(), Is.EqualTo(5));
        Assert.That(
            page.EnumerateArray().Concat(rest.EnumerateArray()).Select(one => one.GetProperty("id").GetGuid()),
            Is.EqualTo(Enumerable.Reverse(ids)));
    }

    [Test]
    public async Task Change_Fields_ChangesThemAndNothingElse()
    {
        using var client = _host.AsUser();
        var id = await client.CreateConversationAsync(new { title = "Before", metadata_json = new { kept = true } });

        using var response = await client.Http.PatchAsJsonAsync(
            $"{ApiClient.Root}/conversations/{id}", new { title = "After", status = "open", on_busy = "reject" });
        var body = await ApiClient.ReadAsync(response, 200);

        Assert.Multiple(() =>
        {
            Assert.That(body.GetProperty("title").GetString(), Is.EqualTo("After"));
            Assert.That(body.GetProperty("status").GetString(), Is.EqualTo("open"));
            Assert.That(body.GetProperty("on_busy").GetString(), Is.EqualTo("reject"));
            Assert.That(body.GetProperty("metadata_json").GetRawText(), Is.EqualTo("""{"kept":true}"""));
            Assert.That(body.GetProperty("last_seq").GetInt64(), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Delete_ThenRead_IsGoneEverywhere()
    {
        using var client = _host.AsUser();
        var id = await client.CreateConversationAsync();
        await client.SendAsync(id, new { role = "system", content = "x" });

        using var deleted = await client.Http.DeleteAsync($"{ApiClient.Root}/conversations/{id}");
        Assert.That((int)deleted.StatusCode, Is.EqualTo(204));

        await client.GetAsync($"/conversations/{id}", 404);
        await client.GetAsync($"/conversations/{id}/messages", 404);
        using var send = await client.Http.PostAsJsonAsync(
            $"{ApiClient.Root}/conversations/{id}/messages", new { role = "system", content = "late" });
        await ApiClient.ReadAsync(send, 404);
        Assert.That((await client.GetAsync("/conversations")).GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task Foreign_EveryOperation_AnswersAsIfItDidNotExist()
    {
        using var owner = _host.AsUser();
        using var stranger = _host.AsUser();
        var foreign = await owner.CreateConversationAsync();
        var message = (await owner.SendAsync(foreign, new { role = "system", content = "secret" })).GetProperty("id").GetString();
        var unknown = Guid.CreateVersion7();

        foreach (var (method, path) in new[]
        {
            (HttpMethod.Get, "/conversations/{0}"),
            (HttpMethod.Patch, "/conversations/{0}"),
            (HttpMethod.Delete, "/conversations/{0}"),
            (HttpMethod.Get, "/conversations/{0}/messages"),
            (HttpMethod.Post, "/conversations/{0}/messages"),
            (HttpMethod.Get, $"/conversations/{{0}}/messages/{message}"),
            (HttpMethod.Patch, $"/conversations/{{0}}/messages/{message}"),
            (HttpMethod.Delete, $"/conversations/{{0}}/messages/{message}"),
            (HttpMethod.Get, "/conversations/{0}/runs"),
        })
        {
            var forForeign = await AnswerAsync(stranger, method, string.Format(null, path, foreign));
            var forUnknown = await AnswerAsync(stranger, method, string.Format(null, path, unknown));
            Assert.That(forForeign, Is.EqualTo(forUnknown), $"{method} {path}");
            Assert.That(forForeign.Status, Is.EqualTo(404), $"{method} {path}");
        }
    }

    [Test]
    public async Task Machine_ReachesAll_AndMayNameAnyOwner()
    {
        var user = Guid.CreateVersion7();
        using var machine = _host.As(TestTokens.Machine());
        using var owner = _host.AsUser(user);

        var id = await machine.CreateConversationAsync(new { owner_id = user });
        var nobodys = await machine.CreateConversationAsync();

        await owner.GetAsync($"/conversations/{id}");
        await owner.GetAsync($"/conversations/{nobodys}", 404);
        await machine.GetAsync($"/conversations/{nobodys}");
    }

    [Test]
    public async Task Create_ForAnotherOwner_IsForbiddenAndNamesTheSetting()
    {
        using var client = _host.AsUser();

        using var response = await client.Http.PostAsJsonAsync($"{ApiClient.Root}/conversations", new { owner_id = Guid.CreateVersion7() });
        var problem = await ApiClient.ReadAsync(response, 403);

        Assert.That(problem.GetProperty("detail").GetString(), Does.Contain("CONVERSATION_SERVICE_AUTHORIZATION"));
    }

    private static async Task<(int Status, string Detail)> AnswerAsync(ApiClient client, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, $"{ApiClient.Root}{path}");
        if (method == HttpMethod.Post || method == HttpMethod.Patch)
        {
            request.Content = JsonContent.Create(new { role = "system", content = "x", title = "x" });
        }

        using var response = await client.Http.SendAsync(request);
        var body = JsonElement.Parse(await response.Content.ReadAsStringAsync());
        return ((int)response.StatusCode, body.GetProperty("detail").GetString()!);
    }
}
