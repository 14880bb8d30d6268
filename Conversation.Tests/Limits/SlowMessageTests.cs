using System.Net.WebSockets;
using System.Text;
using Conversation.Api.Realtime;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.Limits;

/// <summary>A message on a socket may not take for ever, as little as the body of a request.</summary>
[TestFixture]
internal sealed class SlowMessageTests
{
    [Test]
    public async Task Message_BegunAndNeverEnded_ClosesTheSocket()
    {
        await using var host = await StartAsync(bytesPerSecond: 1_000_000);
        using var client = host.AsUser();
        await using var socket = await LegacyClient.ConnectAsync(client, await client.CreateConversationAsync());
        await socket.NextAsync();

        await SendAsync(socket, "Hel", isLast: false);
        var told = await socket.NextAsync();

        Assert.That((told, socket.CloseStatus, socket.Socket.CloseStatusDescription), Is.EqualTo(
            ((System.Text.Json.JsonElement?)null, (WebSocketCloseStatus?)WebSocketCloseStatus.PolicyViolation, "The message came too slowly.")));
    }

    /// <summary>However long it takes, at the pace that is asked for; and silence between messages is no message.</summary>
    [Test]
    public async Task Message_AtThePace_IsTaken()
    {
        await using var host = await StartAsync(bytesPerSecond: 100);
        using var client = host.AsUser();
        await using var socket = await LegacyClient.ConnectAsync(client, await client.CreateConversationAsync());
        await socket.NextAsync();

        for (var i = 0; i < 2; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(700), TimeProvider.System, CancellationToken.None);
            await SendAsync(socket, new string('x', 1000), isLast: false);
            await Task.Delay(TimeSpan.FromMilliseconds(700), TimeProvider.System, CancellationToken.None);
            await SendAsync(socket, "y", isLast: true);

            Assert.That((await socket.NextAsync())!.Value.GetProperty("content").GetString(), Has.Length.EqualTo(1001));
        }
    }

    private static Task<ApiHost> StartAsync(int bytesPerSecond) => ApiHost.StartAsync(services: services =>
    {
        var options = services.Select(service => service.ImplementationInstance).OfType<SocketOptions>().Single();
        services.RemoveAll<SocketOptions>().AddSingleton(
            options with { MessageGrace = TimeSpan.FromMilliseconds(500), MinBytesPerSecond = bytesPerSecond });
    });

    private static Task SendAsync(LegacyClient socket, string text, bool isLast) =>
        socket.Socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, isLast, Patience.Token);
}
