using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Walk;

/// <summary>The real process on its own private database, stopped and killed: the data stays, and every run ends.</summary>
[TestFixture]
internal sealed class RestartTests
{
    private string _folder = "";

    [SetUp]
    public void NewFolder() => _folder = TestFolders.New();

    [TearDown]
    public async Task CleanAsync()
    {
        // A kill leaves the database running on purpose; the next owner stops it.
        await (await StartAsync()).DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task Stop_ThenStart_EverythingIsStillThere()
    {
        Guid conversation;
        List<JsonElement> before;
        string token;
        await using (var api = await StartAsync())
        {
            using var client = await SignInAsync(api);
            token = client.Token!;
            conversation = await client.CreateConversationAsync();
            await using var socket = await LegacyClient.ConnectAsync(client, conversation);
            await client.SayAsync(conversation, "Hello");
            await socket.UntilAsync("complete");
            before = await client.MessagesAsync(conversation);
        }

        await using var again = await StartAsync();
        using var later = new ApiClient(again.Address, token);
        var after = await later.MessagesAsync(conversation);

        Assert.That(after.Select(message => message.GetRawText()), Is.EqualTo(before.Select(message => message.GetRawText())));
    }

    [Test]
    public async Task Kill_InMidAnswer_TheNextStartEndsTheRunAndKeepsThePart()
    {
        Guid conversation;
        string token;
        string shown;
        string before;
        await using (var api = await StartAsync())
        {
            using var client = await SignInAsync(api);
            token = client.Token!;
            // It cannot end before the kill.
            conversation = await client.CreateConversationAsync(new { metadata_json = new { agent = "words=40&pace_ms=5&hangs_after=30" } });
            await using var socket = await LegacyClient.ConnectAsync(client, conversation);
            await client.SayAsync(conversation, "Hello");
            shown = LegacyClient.TextOf(await socket.UntilAsync("stream"));
            before = await KeptAsync(client, conversation);
            await api.KillAsync();
        }

        await using var again = await StartAsync();
        using var later = new ApiClient(again.Address, token);
        await using var hub = await HubClient.ConnectAsync(later);
        var log = await hub.FollowUntilAsync(conversation, position: null, "run.failed");
        var answer = (await later.MessagesAsync(conversation))[1];
        var kept = answer.GetProperty("content").GetString()!;

        Assert.Multiple(() =>
        {
            Assert.That(answer.GetProperty("status").GetString(), Is.EqualTo("interrupted"));
            Assert.That(shown.StartsWith(kept, StringComparison.Ordinal) || kept.StartsWith(shown, StringComparison.Ordinal), $"{shown} | {kept}");
            Assert.That(kept, Does.StartWith(before));
            Assert.That(SimulatedScript.TextOf(30), Does.StartWith(kept));
            Assert.That(log[^1].GetProperty("run").GetProperty("error_code").GetString(), Is.EqualTo("worker_lost"));
            Assert.That(V2Text.Seqs(log), Is.EqualTo(Enumerable.Range(1, V2Text.Seqs(log).Count())));
        });
    }

    [Test]
    public async Task Stop_InMidAnswerWithoutTimeToDrain_EndsTheRunHonestly()
    {
        Guid conversation;
        string token;
        string shown;
        await using (var api = await StartAsync(drainSeconds: "0", paceMs: "400"))
        {
            using var client = await SignInAsync(api);
            token = client.Token!;
            conversation = await client.CreateConversationAsync();
            await using var socket = await LegacyClient.ConnectAsync(client, conversation);
            await client.SayAsync(conversation, "Hello");
            shown = LegacyClient.TextOf(await socket.UntilAsync("stream"));
            await api.StopAsync();
        }

        await using var again = await StartAsync();
        using var later = new ApiClient(again.Address, token);
        var answer = (await later.MessagesAsync(conversation))[1];

        Assert.Multiple(() =>
        {
            Assert.That(answer.GetProperty("status").GetString(), Is.EqualTo("interrupted"));
            Assert.That(answer.GetProperty("content").GetString(), Does.StartWith(shown));
        });
    }

    [Test]
    public async Task Stop_InMidAnswer_LetsTheRunEnd()
    {
        Guid conversation;
        string token;
        await using (var api = await StartAsync(paceMs: "150"))
        {
            using var client = await SignInAsync(api);
            token = client.Token!;
            conversation = await client.CreateConversationAsync();
            await using var socket = await LegacyClient.ConnectAsync(client, conversation);
            await client.SayAsync(conversation, "Hello");
            await socket.UntilAsync("stream");
            await api.StopAsync();
        }

        await using var again = await StartAsync();
        using var later = new ApiClient(again.Address, token);
        Assert.That((await later.MessagesAsync(conversation))[1].GetProperty("status").GetString(), Is.EqualTo("completed"));
    }

    private Task<ApiProcess> StartAsync(string? drainSeconds = null, string? paceMs = null) => ApiProcess.StartAsync(new Dictionary<string, string?>
    {
        ["CONVERSATION_SERVICE_POSTGRES_DATA"] = _folder,
        ["CONVERSATION_SERVICE_DRAIN_SECONDS"] = drainSeconds,
        ["CONVERSATION_SERVICE_SIMULATED_PACE_MS"] = paceMs,
    });

    /// <summary>What is kept of the answer, once there is something.</summary>
    private static async Task<string> KeptAsync(ApiClient client, Guid conversation)
    {
        for (var patience = Patience.Token; ; patience.ThrowIfCancellationRequested())
        {
            if ((await client.MessagesAsync(conversation))[1].GetProperty("content").GetString() is { Length: > 0 } kept)
            {
                return kept;
            }
        }
    }

    private static async Task<ApiClient> SignInAsync(ApiProcess api)
    {
        using var anonymous = new ApiClient(api.Address, token: null);
        using var response = await anonymous.Http.PostAsync($"{ApiClient.Root}/dev/token", content: null);
        return new ApiClient(api.Address, (await ApiClient.ReadAsync(response, 200)).GetProperty("access_token").GetString());
    }
}
