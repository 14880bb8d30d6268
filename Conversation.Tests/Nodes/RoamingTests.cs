using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Nodes;

/// <summary>Clients that drop off and come back at random doors of two processes while runs stream.</summary>
[TestFixture]
internal sealed class RoamingTests
{
    private static readonly Door[] AllDoors = Enum.GetValues<Door>();

    private TwoNodes _nodes = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _nodes = await TwoNodes.StartAsync(new() { ["CONVERSATION_SERVICE_SIMULATED_PACE_MS"] = "20" });

    [OneTimeTearDown]
    public async Task StopAsync() => await _nodes.DisposeAsync();

    /// <summary>The full form is the same with 200 clients for a minute.</summary>
    [TestCase(40, 6, TestName = "Followers_RoamingInShort_EndWithExactlyWhatIsStored")]
    [TestCase(200, 60, TestName = "Followers_RoamingInFull_EndWithExactlyWhatIsStored", Category = "Long")]
    public async Task Followers_Roaming_EndWithExactlyWhatIsStored(int clients, int seconds)
    {
        using var owner = _nodes.Client(0);
        var conversations = new List<Guid>();
        for (var i = 0; i < 8; i++)
        {
            conversations.Add(await owner.CreateConversationAsync());
        }

        using var traffic = new CancellationTokenSource();
        traffic.CancelAfter(TimeSpan.FromSeconds(seconds));
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var heads = new Dictionary<Guid, long>();
        var readers = Enumerable.Range(0, clients)
            .Select(seed => RoamAsync(conversations[seed % conversations.Count], seed, ended.Task, heads))
            .ToArray();
        await Task.WhenAll(conversations.Select((conversation, i) => TalkAsync(conversation, i, traffic.Token)));
        foreach (var conversation in conversations)
        {
            heads[conversation] = (await owner.GetAsync($"/conversations/{conversation}")).GetProperty("last_seq").GetInt64();
        }

        ended.SetResult();
        var all = await Task.WhenAll(readers).WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System);

        foreach (var (conversation, reader) in all)
        {
            var stored = await owner.MessagesAsync(conversation);
            Assert.That(reader.Messages.Keys, Is.EquivalentTo(stored.Select(Id)));
            foreach (var message in stored)
            {
                Assert.That(reader.TextOf(Id(message)), Is.EqualTo(message.GetProperty("content").GetString()));
            }
        }

        await TestContext.Out.WriteLineAsync($"{clients} clients, {heads.Values.Sum()} events.");
    }

    /// <summary>One message after the other, each answered before the next.</summary>
    private async Task TalkAsync(Guid conversation, int seed, CancellationToken until)
    {
        using var client = _nodes.Client(seed % 2);
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        do
        {
            await SayAsync(client, conversation, $"Hello {seed} 🙂");
            await socket.UntilAsync("complete");
        }
        while (!until.IsCancellationRequested);
    }

    /// <summary>As clients are told to: where the crowd keeps the database busy for too long, the same is sent again under its key.</summary>
    private static async Task SayAsync(ApiClient client, Guid conversation, string content)
    {
        var key = Guid.CreateVersion7().ToString();
        for (var patience = Patience.Token; ;)
        {
            using var response = await client.Http.PostAsJsonAsync(
                $"{ApiClient.Root}/conversations/{conversation}/messages", new { role = "user", content, client_message_id = key }, patience);
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
            {
                await ApiClient.ReadAsync(response, 201);
                return;
            }
        }
    }

    private async Task<(Guid Conversation, V2Reader Reader)> RoamAsync(Guid conversation, int seed, Task ended, Dictionary<Guid, long> heads)
    {
        var random = new Random(seed);
        var reader = new V2Reader();
        while (!ended.IsCompleted || reader.Seq < heads[conversation])
        {
            using var client = _nodes.Client(random.Next(2));
            using var stay = new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(50, 1500)));
            reader.Resume();
            try
            {
                await foreach (var frame in client.FollowAsync(AllDoors[random.Next(AllDoors.Length)], conversation, reader.Position, stay.Token))
                {
                    reader.Apply(frame);
                    if (ended.IsCompleted && reader.Seq >= heads[conversation])
                    {
                        break;
                    }
                }
            }
            catch (Exception error) when (stay.IsCancellationRequested
                && error is OperationCanceledException or WebSocketException or HttpRequestException or IOException)
            {
                // Dropped off; comes back elsewhere.
            }
        }

        return (conversation, reader);
    }

    private static string Id(JsonElement message) => message.GetProperty("id").GetString()!;
}
