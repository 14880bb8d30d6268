using System.Net.ServerSentEvents;
using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Balancer;

/// <summary>Every door through the nginx file of compose.yaml, in front of two processes.</summary>
[TestFixture]
internal sealed class NginxTests
{
    private TwoNodes _nodes = null!;
    private Nginx _nginx = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        DebianProgram.Require("nginx");
        _nodes = await TwoNodes.StartAsync(new() { ["CONVERSATION_SERVICE_SIMULATED_PACE_MS"] = "20" });
        _nginx = await Nginx.StartAsync(_nodes.Nodes[0].Address, _nodes.Nodes[1].Address);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_nginx is not null)
        {
            await _nginx.DisposeAsync();
        }

        if (_nodes is not null)
        {
            await _nodes.DisposeAsync();
        }
    }

    [TestCase(Door.Hub)]
    [TestCase(Door.Socket)]
    [TestCase(Door.Sse)]
    [TestCase(Door.Page)]
    public async Task Door_ThroughNginx_SeesTheWholeAnswer(Door door)
    {
        using var client = Client();
        var conversation = await client.CreateConversationAsync();
        var wanderer = new Wanderer(conversation, door, client);
        var seeing = wanderer.SeeAsync(frame => LegacyClient.TypeOf(frame) == "run.completed");

        await client.SayAsync(conversation, "Hello");
        await seeing.OrTimeout();
        var answer = (await client.MessagesAsync(conversation))[1];

        Assert.That(wanderer.Reader.TextOf(answer.GetProperty("id").GetString()!), Is.EqualTo(answer.GetProperty("content").GetString()));
    }

    [Test]
    public async Task LegacySocket_ThroughNginx_SpeaksAndEchoes()
    {
        using var client = Client();
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation, tokenInQuery: true);

        await socket.SendAsync("anybody there?");
        var echo = await socket.UntilAsync("echo");
        await client.SayAsync(conversation, "Hello");
        var frames = await socket.UntilAsync("complete");

        Assert.Multiple(() =>
        {
            Assert.That(echo[^1].GetProperty("content").GetString(), Is.EqualTo("anybody there?"));
            Assert.That(LegacyClient.TextOf(frames), Is.Not.Empty);
        });
    }

    [Test]
    public async Task LegacySocket_ThroughNginx_IsNotHeldBack()
    {
        using var client = Client();
        var conversation = await client.CreateConversationAsync(ApiClient.Endless);
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);

        var run = (await client.SayAsync(conversation, "Hello")).GetProperty("run_id").GetGuid();
        await socket.UntilAsync("stream");
        await socket.UntilAsync("stream");

        Assert.That(await client.StatusAsync(run), Is.EqualTo("running"));
        await client.CancelAsync(run);
        await socket.UntilAsync("complete");
    }

    /// <summary>A proxy that buffers would give nothing before the end, and neither this stream nor its answer has one.</summary>
    [Test]
    public async Task ServerSentEvents_ThroughNginx_AreNotHeldBack()
    {
        using var client = Client();
        var conversation = await client.CreateConversationAsync(ApiClient.Endless);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{ApiClient.Root}/conversations/{conversation}/events?token={client.Token}");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        await using var events = SseParser.Create(body).EnumerateAsync(Patience.Token).GetAsyncEnumerator();
        await events.MoveNextAsync();

        var run = (await client.SayAsync(conversation, "Hello")).GetProperty("run_id").GetGuid();
        for (var deltas = 0; deltas < 3;)
        {
            Assert.That(await events.MoveNextAsync(), Is.True);
            deltas += LegacyClient.TypeOf(JsonElement.Parse(events.Current.Data)) == "message.delta" ? 1 : 0;
        }

        Assert.That(await client.StatusAsync(run), Is.EqualTo("running"));
        await client.CancelAsync(run);
    }

    [Test]
    public async Task Metrics_ThroughNginx_AreNotThere()
    {
        using var client = Client();
        using var response = await client.Http.GetAsync("/metrics");
        Assert.That((int)response.StatusCode, Is.EqualTo(404));
        Assert.That((await PrometheusText.ScrapeAsync(_nodes.Nodes[0].Address)).Types, Is.Not.Empty);
    }

    private ApiClient Client()
    {
        using var direct = _nodes.Client(0);
        return new ApiClient(_nginx.Address, direct.Token);
    }
}
