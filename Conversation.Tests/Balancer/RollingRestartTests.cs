using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Balancer;

/// <summary>
/// Both nodes behind nginx are stopped and started again, one after the other, while clients at every door follow and write: nothing is
/// lost and nothing comes twice.
/// </summary>
[TestFixture]
[Category("Long")]
internal sealed class RollingRestartTests
{
    private const int ConversationsPerDoor = 4;

    private static readonly Door[] AllDoors = [Door.Hub, Door.Socket, Door.Sse];

    [Test]
    public async Task Restart_OfBothNodesInTurn_LosesNothing()
    {
        DebianProgram.Require("nginx");
        await using var nodes = await TwoNodes.StartAsync(new()
        {
            ["CONVERSATION_SERVICE_SIMULATED_PACE_MS"] = "20",
            ["CONVERSATION_SERVICE_STOP_DELAY_SECONDS"] = "1",
            ["CONVERSATION_SERVICE_RECONNECT_JITTER_MS"] = "500",
        });
        await using var nginx = await Nginx.StartAsync(nodes.Nodes[0].Address, nodes.Nodes[1].Address);
        using var direct = nodes.Client(0);
        using var client = new ApiClient(nginx.Address, direct.Token);
        var wanderers = new List<(Guid Conversation, Wanderer Wanderer, Task Seeing)>();
        using var traffic = new CancellationTokenSource();
        var writers = new List<Task<List<string>>>();
        for (var i = 0; i < ConversationsPerDoor * AllDoors.Length; i++)
        {
            var conversation = await client.CreateConversationAsync();
            var wanderer = new Wanderer(conversation, AllDoors[i % AllDoors.Length], client);
            wanderers.Add((conversation, wanderer, wanderer.SeeAsync(IsGoodbye)));
            writers.Add(WriteAsync(client, conversation, traffic.Token));
        }

        for (var node = 0; node < 2; node++)
        {
            await Task.WhenAll(wanderers.Select(one => one.Wanderer.Began.Task)).OrTimeout();
            await nodes.ReviveAsync(node);
        }

        await traffic.CancelAsync();
        var written = await Task.WhenAll(writers).WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System);
        await Task.WhenAll(wanderers.Select(one => one.Seeing)).WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System);

        for (var i = 0; i < wanderers.Count; i++)
        {
            var (conversation, wanderer, _) = wanderers[i];
            var stored = await client.MessagesAsync(conversation);
            var mine = stored.Where(message => message.GetProperty("role").GetString() == "user").Select(Content);
            Assert.That(mine, Is.EqualTo(written[i]), "Every message once, in order.");
            Assert.That(wanderer.Reader.Messages.Keys, Is.EquivalentTo(stored.Select(Id)));
            foreach (var message in stored)
            {
                Assert.That(wanderer.Reader.TextOf(Id(message)), Is.EqualTo(Content(message)));
            }

            Assert.That(stored.Select(message => message.GetProperty("status").GetString()), Is.All.AnyOf("stored", "completed"));
        }

        await TestContext.Out.WriteLineAsync($"{wanderers.Count} followers, {written.Sum(one => one.Count)} messages.");
    }

    /// <summary>One message after the other; one whose outcome is unknown is sent again with its key, as docs/protocol.md says.</summary>
    private static async Task<List<string>> WriteAsync(ApiClient client, Guid conversation, CancellationToken until)
    {
        var written = new List<string>();
        while (!until.IsCancellationRequested)
        {
            await SendAsync(client, conversation, $"Message {written.Count}", run: true);
            written.Add($"Message {written.Count}");
            await Task.Delay(TimeSpan.FromMilliseconds(150), TimeProvider.System, CancellationToken.None);
        }

        await RunsEndedAsync(client, conversation);
        await SendAsync(client, conversation, "Goodbye", run: false);
        written.Add("Goodbye");
        return written;
    }

    private static async Task SendAsync(ApiClient client, Guid conversation, string content, bool run)
    {
        var patience = Patience.Token;
        while (true)
        {
            try
            {
                using var response = await client.Http.PostAsJsonAsync(
                    $"{ApiClient.Root}/conversations/{conversation}/messages", new { role = "user", content, run, client_message_id = content }, patience);
                if (response.StatusCode == HttpStatusCode.Created)
                {
                    return;
                }

                Assert.That(
                    response.StatusCode,
                    Is.AnyOf(HttpStatusCode.BadGateway, HttpStatusCode.ServiceUnavailable, HttpStatusCode.GatewayTimeout),
                    await response.Content.ReadAsStringAsync(patience));
            }
            catch (HttpRequestException) when (!patience.IsCancellationRequested)
            {
                // The same: try again.
            }
        }
    }

    private static async Task RunsEndedAsync(ApiClient client, Guid conversation)
    {
        var patience = Patience.Token;
        while (true)
        {
            var runs = await client.GetAsync($"/conversations/{conversation}/runs");
            if (runs.EnumerateArray().All(run => run.GetProperty("finished_at").ValueKind != JsonValueKind.Null))
            {
                return;
            }

            Assert.That(patience.IsCancellationRequested, Is.False, "A run did not end.");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }
    }

    private static bool IsGoodbye(JsonElement frame) =>
        frame.TryGetProperty("message", out var message) && message.TryGetProperty("content", out var content) && content.GetString() == "Goodbye";

    private static string Id(JsonElement message) => message.GetProperty("id").GetString()!;

    private static string Content(JsonElement message) => message.GetProperty("content").GetString()!;
}
