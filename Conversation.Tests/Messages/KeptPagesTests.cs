using System.Net.Http.Json;
using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace Conversation.Tests.Messages;

/// <summary>The newest page is kept by each node, and is never older than its request, whichever node wrote.</summary>
[TestFixture]
internal sealed class KeptPagesTests
{
    private const string Newest = "order=desc&limit=50";

    /// <summary>The same messages by the place where they end: such a page is read each time.</summary>
    private const string Read = "order=desc&limit=50&before=9223372036854775806";

    private readonly ScriptedRuntime _runtime = new();
    private readonly string _token = TestTokens.User(Guid.CreateVersion7());
    private ApiHost _one = null!;
    private ApiHost _two = null!;
    private ApiClient[] _clients = [];

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _one = await ApiHost.StartAsync(services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(_runtime));
        _two = await ApiHost.StartAsync(connectionString: _one.ConnectionString);
        _clients = [_one.As(_token), _two.As(_token)];
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        Array.ForEach(_clients, client => client.Dispose());
        await _two.DisposeAsync();
        await _one.DisposeAsync();
    }

    [Test]
    public async Task List_NothingWrittenBetween_IsAnsweredWithTheKeptPage()
    {
        var conversation = await FilledAsync(3);
        var first = await TextAsync(0, conversation, Newest);
        await ExecuteAsync($"UPDATE messages SET content = 'behind its back' WHERE conversation_id = '{conversation}'");

        Assert.That(await TextAsync(0, conversation, Newest), Is.EqualTo(first));
        Assert.That(await TextAsync(0, conversation, Read), Does.Contain("behind its back"));
    }

    /// <summary>A failover may lose the last commits, and their numbers are given out again.</summary>
    [Test]
    public async Task List_SameNumberWrittenAtAnotherTime_IsReadAnew()
    {
        var conversation = await FilledAsync(3);
        await TextAsync(0, conversation, Newest);
        await ExecuteAsync($"UPDATE messages SET content = 'written instead' WHERE conversation_id = '{conversation}'");
        await ExecuteAsync($"UPDATE conversations SET updated_at = clock_timestamp() WHERE id = '{conversation}'");

        Assert.That(await TextAsync(0, conversation, Newest), Does.Contain("written instead"));
    }

    [Test]
    public async Task List_AfterEveryKindOfWrite_IsWhatIsReadOnEitherNode()
    {
        var random = new Random(20260714);
        var conversation = await FilledAsync(2);
        for (var i = 0; i < 80; i++)
        {
            await ChangeAsync(_clients[random.Next(2)], conversation, random.Next(4), $"word {i}");
            for (var node = 0; node < 2; node++)
            {
                var read = await TextAsync(node, conversation, Read);
                Assert.That(await TextAsync(node, conversation, Newest), Is.EqualTo(read), $"change {i}, node {node}");
                Assert.That(await TextAsync(node, conversation, Newest), Is.EqualTo(read), $"change {i}, node {node}, again");
            }
        }
    }

    [Test]
    public async Task List_WhileAnAnswerIsMade_ShowsItsTextGrow()
    {
        var conversation = await FilledAsync(1);
        await _clients[0].SayAsync(conversation, "Hello");
        var run = await _runtime.NextRunAsync();
        for (var i = 1; i <= 3; i++)
        {
            run.Say("more ");
            var text = string.Concat(Enumerable.Repeat("more ", i));
            for (var patience = Patience.Token; await FirstAsync(1, conversation) != text; patience.ThrowIfCancellationRequested())
            {
            }
        }

        run.End();
    }

    [Test]
    public async Task List_KeptForItsOwner_IsNotFoundByOthersNorAfterItsEnd()
    {
        var conversation = await FilledAsync(1);
        await TextAsync(0, conversation, Newest);
        using var other = _one.AsUser();
        await other.GetAsync($"/conversations/{conversation}/messages?{Newest}", 404);

        using var deleted = await _clients[1].Http.DeleteAsync($"{ApiClient.Root}/conversations/{conversation}");
        Assert.That((int)deleted.StatusCode, Is.EqualTo(204));
        await _clients[0].GetAsync($"/conversations/{conversation}/messages?{Newest}", 404);
    }

    [Test]
    public async Task List_KeptPage_SaysWhereTheNextOneIs()
    {
        var conversation = await FilledAsync(3);
        var links = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            using var response = await _clients[0].Http.GetAsync($"{ApiClient.Root}/conversations/{conversation}/messages?order=desc&limit=2");
            links.Add(response.Headers.GetValues("Link").Single());
        }

        Assert.That(links, Is.All.Contains("order=desc&limit=2&before=2"));
    }

    private static async Task ChangeAsync(ApiClient client, Guid conversation, int kind, string word)
    {
        var path = $"{ApiClient.Root}/conversations/{conversation}";
        var last = (await client.MessagesAsync(conversation)).Select(message => message.GetProperty("id").GetGuid()).LastOrDefault();
        using var response = (last == Guid.Empty ? 0 : kind) switch
        {
            0 => await client.Http.PostAsJsonAsync($"{path}/messages", new { role = "system", content = word }),
            1 => await client.Http.PatchAsJsonAsync($"{path}/messages/{last}", new { content = word }),
            2 => await client.Http.DeleteAsync($"{path}/messages/{last}"),
            _ => await client.Http.PatchAsJsonAsync(path, new { title = word }),
        };
        response.EnsureSuccessStatusCode();
    }

    private async Task<Guid> FilledAsync(int messages)
    {
        var conversation = await _clients[0].CreateConversationAsync();
        for (var i = 0; i < messages; i++)
        {
            await _clients[0].SendAsync(conversation, new { role = "system", content = $"message {i}" });
        }

        return conversation;
    }

    private Task<string> TextAsync(int node, Guid conversation, string query) =>
        _clients[node].Http.GetStringAsync($"{ApiClient.Root}/conversations/{conversation}/messages?{query}");

    private async Task<string?> FirstAsync(int node, Guid conversation) =>
        JsonElement.Parse(await TextAsync(node, conversation, Newest))[0].GetProperty("content").GetString();

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_one.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
