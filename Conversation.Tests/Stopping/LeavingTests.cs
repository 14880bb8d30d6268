using System.Net;
using System.Net.WebSockets;
using System.Text.RegularExpressions;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.SignalR.Client;
using Npgsql;

namespace Conversation.Tests.Stopping;

/// <summary>What a node that is told to stop says to balancers and to every kind of follower, and how soon it is gone.</summary>
[TestFixture]
internal sealed partial class LeavingTests
{
    [Test]
    public async Task Stop_WithADelay_ReadinessGoesFirstAndTheNodeServesOn()
    {
        await using var api = await StartAsync(delaySeconds: "300");
        using var client = Client(api);
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        await socket.NextAsync();
        await client.GetAsync("/health/ready");

        await api.SignalAsync("TERM");
        await UntilNotReadyAsync(client);
        await client.GetAsync("/health/live");
        await client.SayAsync(conversation, "Hello");
        var frames = await socket.UntilAsync("complete");
        // A second signal ends the delay.
        await api.StopAsync();

        Assert.Multiple(() =>
        {
            Assert.That(LegacyClient.TypeOf(frames[0]), Is.EqualTo("ack"));
            Assert.That(api.Process.ExitCode, Is.Zero);
        });
    }

    /// <summary>What it served on for, longer than the drain, takes nothing of it.</summary>
    [Test]
    [Category("Long")]
    public async Task Stop_WithADelayAsLongAsTheDrain_AnswersBegunMeanwhileAreEnded()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await using var api = await StartAsync(delaySeconds: "3", drainSeconds: "3", database: database);
        using var client = Client(api);
        var conversation = await client.CreateConversationAsync(new { metadata_json = new { agent = "words=36&pace_ms=100" } });

        await api.SignalAsync("TERM");
        await UntilNotReadyAsync(client);
        await client.SayAsync(conversation, "Hello");
        await api.Process.WaitForExitAsync().OrTimeout();

        await using var source = NpgsqlDataSource.Create(database);
        await using var status = source.CreateCommand("SELECT status FROM runs");
        Assert.That(await status.ExecuteScalarAsync(), Is.EqualTo("completed"));
    }

    [Test]
    public async Task Stop_EveryFollower_IsToldToComeBackAfterAPauseOfItsOwn()
    {
        await using var api = await StartAsync(jitterMs: "500");
        using var client = Client(api);
        var conversation = await client.CreateConversationAsync();
        var sockets = new List<LegacyClient>();
        for (var i = 0; i < 8; i++)
        {
            sockets.Add(await LegacyClient.ConnectAsync(client, conversation));
            await sockets[i].NextAsync();
        }

        await using var v2 = await V2Socket.ConnectAsync(client, conversation, position: null);
        await v2.NextAsync();
        var stream = await OpenStreamAsync(client, conversation);
        await using var hub = await HubClient.ConnectAsync(client, builder => builder.WithAutomaticReconnect());
        var reconnecting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        hub.Connection.Reconnecting += _ =>
        {
            reconnecting.TrySetResult();
            return Task.CompletedTask;
        };

        await api.SignalAsync("TERM");
        var hints = new List<string>();
        foreach (var socket in sockets)
        {
            Assert.That(await CloseOfAsync(socket.Socket), Is.EqualTo((WebSocketCloseStatus)1012));
            hints.Add(socket.Socket.CloseStatusDescription!);
        }

        await reconnecting.Task.OrTimeout();
        var end = await stream.OrTimeout();
        await api.Process.WaitForExitAsync().OrTimeout();

        Assert.Multiple(() =>
        {
            Assert.That(hints, Is.All.Matches("^reconnect_after_ms=[0-9]+$"));
            Assert.That(hints.Distinct().Count(), Is.GreaterThan(1), "Not all at the same moment.");
            Assert.That(Retry().Count(end), Is.EqualTo(2), end);
        });
        foreach (var socket in sockets)
        {
            await socket.DisposeAsync();
        }
    }

    /// <summary>A client that does not read may not use up the time of the runs.</summary>
    [Test]
    [Category("Long")]
    public async Task Stop_WithAStalledClientAndALongRun_IsOverWithinThirtySeconds()
    {
        await using var api = await StartAsync(delaySeconds: "2");
        using var client = Client(api);
        var conversation = await client.CreateConversationAsync(ApiClient.Endless);
        await using var proxy = StallingProxy.Start(api.Address);
        using var behind = new ApiClient(proxy.Address, client.Token);
        await using var stalled = await LegacyClient.ConnectAsync(behind, conversation);
        await using var reading = await LegacyClient.ConnectAsync(client, conversation);
        await client.SayAsync(conversation, "Hello");
        await reading.UntilAsync("stream");
        proxy.Stall();
        var clock = System.Diagnostics.Stopwatch.StartNew();

        await api.StopAsync();

        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(30)));
    }

    private static ApiClient Client(ApiProcess api) => new(api.Address, TestTokens.User(Guid.CreateVersion7()));

    private static async Task UntilNotReadyAsync(ApiClient client)
    {
        var patience = Patience.Token;
        while (true)
        {
            using var response = await client.Http.GetAsync($"{ApiClient.Root}/health/ready", patience);
            if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                return;
            }
        }
    }

    private static async Task<WebSocketCloseStatus?> CloseOfAsync(WebSocket socket)
    {
        var buffer = new byte[1024];
        while ((await socket.ReceiveAsync(buffer, Patience.Token)).MessageType != WebSocketMessageType.Close)
        {
        }

        return socket.CloseStatus;
    }

    /// <returns>Ends with everything that the stream said.</returns>
    private static async Task<Task<string>> OpenStreamAsync(ApiClient client, Guid conversation)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"{ApiClient.Root}/conversations/{conversation}/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        var response = await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return response.Content.ReadAsStringAsync();
    }

    private static async Task<ApiProcess> StartAsync(
        string? delaySeconds = null, string? jitterMs = "100", string? drainSeconds = null, string? database = null) => await ApiProcess.StartAsync(
        new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_DATABASE_URL"] = database ?? await TestPostgres.NewDatabaseAsync(),
            ["CONVERSATION_SERVICE_USER_JWT_SECRET_KEY"] = TestTokens.UserKey,
            ["CONVERSATION_SERVICE_SIMULATED_PACE_MS"] = "5",
            ["CONVERSATION_SERVICE_STOP_DELAY_SECONDS"] = delaySeconds,
            ["CONVERSATION_SERVICE_DRAIN_SECONDS"] = drainSeconds,
            ["CONVERSATION_SERVICE_RECONNECT_JITTER_MS"] = jitterMs,
        });

    [GeneratedRegex("^retry: [0-9]+$", RegexOptions.Multiline)]
    private static partial Regex Retry();
}
