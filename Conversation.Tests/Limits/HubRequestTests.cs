using System.Net;
using System.Net.WebSockets;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

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

    /// <summary>Each comes by a POST of its own, which is no second request; what is refused is refused as on a socket.</summary>
    [TestCase(HttpTransportType.LongPolling)]
    [TestCase(HttpTransportType.ServerSentEvents)]
    public async Task Invocations_ByPost_CountOnceAndLeaveTheConnection(HttpTransportType transport)
    {
        // Twice counted, all but two of them would be gone; nothing comes back while the test looks.
        const int All = 6;
        var connected = new ConnectedFilter();
        await using var host = await ApiHost.StartAsync(
            settings => settings with { RateLimit = All },
            services => services.Configure<HubOptions>(hub => hub.AddFilter(connected)));
        using var client = host.AsUser();
        await using var hub = await HubClient.ConnectAsync(client, transports: transport);
        // The handshake is answered before the connection is known.
        await connected.Task.OrTimeout();

        var taken = 0;
        HubException? refused = null;
        while (refused is null && taken < All)
        {
            try
            {
                await LeaveAsync(hub);
                taken++;
            }
            catch (HubException error)
            {
                refused = error;
            }
        }

        // To negotiate and to shake hands are two; by events the client sends a third at once, which may come before the connection is known.
        Assert.That(taken, Is.InRange(All - 3, All - 2));
        Assert.That(refused?.Message, Does.Contain("budget"));
        Assert.That(hub.Connection.State, Is.EqualTo(HubConnectionState.Connected));
    }

    [Test]
    public async Task Posts_WithAnIdMadeUp_AreRequests()
    {
        await using var host = await ApiHost.StartAsync(settings => settings with { RateLimit = Budget });
        using var client = host.AsUser();

        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i <= Budget; i++)
        {
            using var response = await client.Http.PostAsync($"{ApiClient.Root}/hubs/conversations?id=madeup", content: null);
            statuses.Add(response.StatusCode);
        }

        Assert.That(statuses, Is.EqualTo(Enumerable.Repeat(HttpStatusCode.NotFound, Budget).Append(HttpStatusCode.TooManyRequests)));
    }

    /// <summary>An invocation that needs no conversation.</summary>
    private static Task LeaveAsync(HubClient hub) => hub.Connection.InvokeAsync("LeaveConversation", Guid.CreateVersion7(), Patience.Token);

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

    /// <summary>Tells when the service knows of a connection.</summary>
    private sealed class ConnectedFilter : IHubFilter
    {
        private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _connected.Task;

        public async Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
        {
            await next(context);
            _connected.SetResult();
        }
    }
}
