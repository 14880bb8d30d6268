using System.Net;
using System.Net.WebSockets;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Limits;

/// <summary>What counts as a request of a hub's client.</summary>
[TestFixture]
internal sealed class HubRequestTests
{
    private const int Budget = 3;

    /// <summary>It looks like the poll of one that had negotiated.</summary>
    [Test]
    public async Task Sockets_WithAnIdMadeUp_AreRequests()
    {
        await using var host = await ApiHost.StartAsync(settings => settings with { RateLimit = Budget });
        using var client = host.AsUser();

        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i <= Budget; i++)
        {
            statuses.Add(await ConnectAsync(client));
        }

        Assert.That(statuses, Is.EqualTo(Enumerable.Repeat(HttpStatusCode.SwitchingProtocols, Budget).Append(HttpStatusCode.TooManyRequests)));
    }

    private static async Task<HttpStatusCode> ConnectAsync(ApiClient client)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        try
        {
            await socket.ConnectAsync(
                new Uri($"ws://{client.Address.Authority}{ApiClient.Root}/hubs/conversations?id=madeup&access_token={client.Token}"), Patience.Token);
        }
        catch (WebSocketException)
        {
            // Its status says why.
        }

        return socket.HttpStatusCode;
    }
}
