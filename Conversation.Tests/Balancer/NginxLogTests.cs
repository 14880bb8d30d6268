using System.Net.ServerSentEvents;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Balancer;

/// <summary>What nginx writes when a node dies under its clients.</summary>
[TestFixture]
internal sealed class NginxLogTests
{
    [Test]
    public async Task Kill_UnderSocketsAndStreams_TellsNoToken()
    {
        DebianProgram.Require("nginx");
        await using var nodes = await TwoNodes.StartAsync();
        await using var nginx = await Nginx.StartAsync(nodes.Nodes[0].Address, nodes.Nodes[1].Address);
        using var direct = nodes.Client(0);
        using var client = new ApiClient(nginx.Address, direct.Token);
        var conversation = await client.CreateConversationAsync();
        await using var one = await LegacyClient.ConnectAsync(client, conversation, tokenInQuery: true);
        await using var other = await LegacyClient.ConnectAsync(client, conversation, tokenInQuery: true);
        using var request = new HttpRequestMessage(
            HttpMethod.Get, $"{ApiClient.Root}/conversations/{conversation}/events?token={client.Token}");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var stream = Task.Run(async () =>
        {
            await using var body = await response.Content.ReadAsStreamAsync();
            await foreach (var _ in SseParser.Create(body).EnumerateAsync(Patience.Token))
            {
                // Until it breaks.
            }
        });

        await nodes.Nodes[0].KillAsync();
        await nodes.Nodes[1].KillAsync();
        foreach (var follower in new[] { one.UntilAsync("the end"), other.UntilAsync("the end"), stream })
        {
            await follower.ContinueWith(_ => { }, TaskScheduler.Default).OrTimeout();
        }

        using var refused = await client.Http.GetAsync($"{ApiClient.Root}/conversations?token={client.Token}");
        var output = await nginx.OutputAsync();

        Assert.That(output, Does.Contain($"/ws/conversations/{conversation}").And.Contain($"/conversations/{conversation}/events"));
        Assert.That(output, Does.Not.Contain(client.Token!));
        Assert.That((int)refused.StatusCode, Is.EqualTo(502));
    }
}
