using System.Net.WebSockets;
using System.Text.Json;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.Realtime;

/// <summary>Open streams end when the right to them does.</summary>
[TestFixture]
internal sealed class StreamRightsTests : ConversationFixture
{
    private static readonly TimeSpan Early = TimeSpan.FromMinutes(30);

    [Test]
    public async Task Token_Expires_EndsEveryStreamUnlessRenewed()
    {
        var time = new ShiftedTime();
        // The hub's connections end by the system's clock: by the service's own, the token is good for as long as the test likes.
        time.Forward(-Early);
        await using var host = await ApiHost.StartAsync(services: services => services.AddSingleton<TimeProvider>(time));
        var user = Guid.CreateVersion7();
        using var owner = host.AsUser(user);
        var conversation = await owner.CreateConversationAsync();
        using var shortly = host.As(TestTokens.Sign(
            TestTokens.UserKey, user.ToString(), TestTokens.UserIssuer, lifetime: TimeSpan.FromSeconds(3)));
        await using var legacy = await LegacyClient.ConnectAsync(shortly, conversation);
        await using var ending = await V2Socket.ConnectAsync(shortly, conversation, position: null);
        await using var renewed = await V2Socket.ConnectAsync(shortly, conversation, position: null);
        await using var hub = await HubClient.ConnectAsync(shortly);
        var hubClosed = new TaskCompletionSource();
        hub.Connection.Closed += _ =>
        {
            hubClosed.TrySetResult();
            return Task.CompletedTask;
        };
        if (hub.Connection.State == HubConnectionState.Disconnected)
        {
            hubClosed.TrySetResult();
        }

        await renewed.SendAsync(new { type = "auth", id = "other", token = TestTokens.User(Guid.CreateVersion7()) });
        var foreign = await renewed.ReplyAsync("other");
        await renewed.SendAsync(new { type = "auth", id = "bad", token = "nonsense" });
        var bad = await renewed.ReplyAsync("bad");
        await renewed.SendAsync(new { type = "auth", id = "own", token = TestTokens.User(user) });
        var own = await renewed.ReplyAsync("own");
        await hubClosed.Task.OrTimeout();
        time.Forward(Early);

        while (await legacy.NextAsync() is not null)
        {
        }

        await ending.ClosedAsync();
        await owner.SendAsync(conversation, new { role = "system", content = "after the expiry" });
        await renewed.UntilAsync(frame => LegacyClient.TypeOf(frame) == "message.created");

        Assert.Multiple(() =>
        {
            Assert.That((foreign.GetProperty("status").GetInt32(), bad.GetProperty("status").GetInt32()), Is.EqualTo((403, 401)));
            Assert.That(own.GetProperty("status").GetInt32(), Is.EqualTo(200));
            Assert.That((legacy.CloseStatus, ending.CloseStatus), Is.EqualTo(
                ((WebSocketCloseStatus?)WebSocketCloseStatus.PolicyViolation, (WebSocketCloseStatus?)WebSocketCloseStatus.PolicyViolation)));
        });
    }

    /// <summary>What a request is forgiven, a stream is as well.</summary>
    [TestCase(Door.Hub)]
    [TestCase(Door.Socket)]
    [TestCase(Door.Sse)]
    public async Task Token_ExpiredWithinTheSkew_IsFollowedBy(Door door)
    {
        await using var host = await ApiHost.StartAsync(settings => settings with { JwtClockSkewSeconds = 60 });
        var user = Guid.CreateVersion7();
        using var client = host.As(TestTokens.Sign(
            TestTokens.UserKey, user.ToString(), TestTokens.UserIssuer, lifetime: TimeSpan.FromSeconds(-5)));
        var conversation = await client.CreateConversationAsync();

        var types = new List<string?>();
        await foreach (var frame in client.FollowAsync(door, conversation, position: null, Patience.Token))
        {
            types.Add(LegacyClient.TypeOf(frame));
            if (types[^1] == "message.created")
            {
                break;
            }

            // Said once it follows.
            await client.SendAsync(conversation, new { role = "system", content = "on time" });
        }

        Assert.That(types, Is.EqualTo(new[] { "subscription.ready", "message.created" }));
    }

    [Test]
    public async Task Owner_Changes_EndsTheFormerOwnersStreams()
    {
        await using var legacy = await LegacyClient.ConnectAsync(Client, ConversationId);
        await using var socket = await V2Socket.ConnectAsync(Client, ConversationId, position: null);
        await legacy.NextAsync();

        await ChangeOwnerAsync();

        Assert.That(await legacy.NextAsync(), Is.Null);
        await socket.ClosedAsync();
        Assert.That((legacy.CloseStatus, socket.CloseStatus), Is.EqualTo(
            ((WebSocketCloseStatus?)WebSocketCloseStatus.PolicyViolation, (WebSocketCloseStatus?)WebSocketCloseStatus.PolicyViolation)));
    }

    [Test]
    public async Task Deleted_WhileFollowedAtTheV2Door_TellsAndCloses()
    {
        await using var socket = await V2Socket.ConnectAsync(Client, ConversationId, position: null);
        using var deleted = await Client.Http.DeleteAsync($"{ApiClient.Root}/conversations/{ConversationId}");

        await socket.UntilAsync(frame => LegacyClient.TypeOf(frame) == "conversation.deleted");

        Assert.That((await socket.NextAsync(), socket.CloseStatus), Is.EqualTo(((JsonElement?)null, WebSocketCloseStatus.PolicyViolation)));
    }

    [Test]
    public async Task Owner_ChangesWhileJoinedByGroup_TellsAndKeepsTheOthers()
    {
        var other = await Client.CreateConversationAsync();
        await using var hub = await HubClient.ConnectAsync(Client);
        await hub.Connection.InvokeAsync("JoinConversation", ConversationId, Patience.Token);
        await hub.Connection.InvokeAsync("JoinConversation", other, Patience.Token);

        await ChangeOwnerAsync();
        var ended = (await hub.UntilAsync("subscription.ended"))[^1];
        await Client.SendAsync(other, new { role = "system", content = "goes on" });
        var created = (await hub.UntilAsync("message.created"))[^1];
        await Assert.ThrowsAsync<HubException>(() => hub.Connection.InvokeAsync("JoinConversation", ConversationId, Patience.Token));

        Assert.Multiple(() =>
        {
            Assert.That(ended.GetProperty("conversation_id").GetGuid(), Is.EqualTo(ConversationId));
            Assert.That(ended.GetProperty("position").GetString(), Is.Not.Empty);
            Assert.That(created.GetProperty("conversation_id").GetGuid(), Is.EqualTo(other));
        });
    }

    [Test]
    public async Task Deleted_WhileJoinedByGroup_TellsTheEventAndThenTheEnd()
    {
        await using var hub = await HubClient.ConnectAsync(Client);
        await hub.Connection.InvokeAsync("JoinConversation", ConversationId, Patience.Token);
        using var deleted = await Client.Http.DeleteAsync($"{ApiClient.Root}/conversations/{ConversationId}");

        var told = await hub.UntilAsync("subscription.ended");

        Assert.That(
            told.Select(LegacyClient.TypeOf).Where(type => type != "heartbeat"),
            Is.EqualTo(new[] { "subscription.ready", "conversation.deleted", "subscription.ended" }));
        Assert.That(hub.Connection.State, Is.EqualTo(HubConnectionState.Connected));
    }
}
