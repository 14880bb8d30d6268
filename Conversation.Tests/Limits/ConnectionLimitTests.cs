using System.Net;
using System.Net.WebSockets;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Conversation.Tests.Limits;

/// <summary>How many streams one client may keep open, and what one connection may follow.</summary>
[TestFixture]
internal sealed class ConnectionLimitTests
{
    private ApiHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await ApiHost.StartAsync(
        settings => settings with { MaxConnectionsPerPrincipal = 3, MaxFollowedPerConnection = 2 });

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [Test]
    public async Task Streams_BeyondTheLimit_AreRefusedAtEveryDoorUntilOneEnds()
    {
        using var client = _host.AsUser();
        using var other = _host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        await using var hub = await HubClient.ConnectAsync(client);
        using var stream = await OpenStreamAsync(client, conversation);

        using var refusedStream = await OpenStreamAsync(client, conversation);
        var refusedSocket = await Assert.ThrowsAsync<WebSocketException>(() => LegacyClient.ConnectAsync(client, conversation));
        await using (var refusedHub = new HubConnectionBuilder()
            .WithUrl(new Uri(client.Address, $"{ApiClient.Root}/hubs/conversations"), options => options.AccessTokenProvider = () => Task.FromResult(client.Token))
            .Build())
        {
            var closed = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
            refusedHub.Closed += error =>
            {
                closed.TrySetResult(error);
                return Task.CompletedTask;
            };
            await refusedHub.StartAsync(Patience.Token);
            Assert.That((await closed.Task.OrTimeout())?.Message, Does.Contain("limit"));
        }

        await using var others = await HubClient.ConnectAsync(other);
        Assert.Multiple(() =>
        {
            Assert.That(stream.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(refusedStream.StatusCode, Is.EqualTo(HttpStatusCode.TooManyRequests));
            Assert.That(refusedStream.Headers.RetryAfter, Is.Not.Null);
            Assert.That(refusedSocket!.Message, Does.Contain("429"));
        });

        await hub.Connection.DisposeAsync();
        await OpensAgainAsync(client, conversation);
    }

    [Test]
    public async Task Hub_FollowsNoMoreThanItMay()
    {
        using var client = _host.AsUser();
        var conversations = new List<Guid>();
        for (var i = 0; i < 3; i++)
        {
            conversations.Add(await client.CreateConversationAsync());
        }

        await using var hub = await HubClient.ConnectAsync(client);
        await hub.Connection.InvokeAsync("JoinConversation", conversations[0], Patience.Token);
        await hub.Connection.InvokeAsync("JoinConversation", conversations[0], Patience.Token);
        await hub.Connection.InvokeAsync("JoinConversation", conversations[1], Patience.Token);

        var join = await Assert.ThrowsAsync<HubException>(() => hub.Connection.InvokeAsync("JoinConversation", conversations[2], Patience.Token));
        var follow = await Assert.ThrowsAsync<HubException>(() => hub.FollowUntilAsync(conversations[2], position: null, "conversation.deleted"));
        await hub.Connection.InvokeAsync("LeaveConversation", conversations[0], Patience.Token);
        await hub.Connection.InvokeAsync("JoinConversation", conversations[2], Patience.Token);

        Assert.That(new[] { join!.Message, follow!.Message }, Has.All.Contains("limit"));
    }

    [Test]
    public async Task Hub_ConversationThatEnds_FreesItsPlace()
    {
        using var client = _host.AsUser();
        await using var hub = await HubClient.ConnectAsync(client);
        var first = await client.CreateConversationAsync();
        await hub.Connection.InvokeAsync("JoinConversation", first, Patience.Token);
        await hub.Connection.InvokeAsync("JoinConversation", await client.CreateConversationAsync(), Patience.Token);

        using var deleted = await client.Http.DeleteAsync($"{ApiClient.Root}/conversations/{first}");
        await hub.UntilAsync("subscription.ended");

        await hub.Connection.InvokeAsync("JoinConversation", await client.CreateConversationAsync(), Patience.Token);
    }

    private static async Task OpensAgainAsync(ApiClient client, Guid conversation)
    {
        var patience = Patience.Token;
        while (true)
        {
            using var stream = await OpenStreamAsync(client, conversation);
            if (stream.StatusCode == HttpStatusCode.OK)
            {
                return;
            }

            Assert.That(patience.IsCancellationRequested, Is.False);
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }

    private static Task<HttpResponseMessage> OpenStreamAsync(ApiClient client, Guid conversation)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"{ApiClient.Root}/conversations/{conversation}/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        return client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
