using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Conversation.Tests.BadInput;

/// <summary>Sockets and hub calls that break the rules are closed or answered with a reason, and nobody else notices.</summary>
[TestFixture]
internal sealed class BadSocketTests : ConversationFixture
{
    [Test]
    public async Task Connect_NoTokenOrForeignOrUnknown_IsRefusedBeforeTheUpgrade()
    {
        using var nobody = Host.As(token: null!);
        using var stranger = Host.AsUser();
        using var broken = Host.As("not.a.token");

        Assert.Multiple(() =>
        {
            Assert.That(RefusedWith(nobody, ConversationId), Is.EqualTo(HttpStatusCode.Unauthorized));
            Assert.That(RefusedWith(broken, ConversationId), Is.EqualTo(HttpStatusCode.Unauthorized));
            Assert.That(RefusedWith(stranger, ConversationId), Is.EqualTo(HttpStatusCode.NotFound));
            Assert.That(RefusedWith(Client, Guid.CreateVersion7()), Is.EqualTo(HttpStatusCode.NotFound));
        });
    }

    [TestCase("GET")]
    [TestCase("HEAD")]
    [TestCase("POST")]
    [TestCase("PUT")]
    public async Task Connect_WithoutUpgrade_IsToldSo(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"{ApiClient.Root}/ws/conversations/{ConversationId}");
        using var response = await Client.Http.SendAsync(request);
        await ApiClient.ReadAsync(response, 426);
    }

    [Test]
    public async Task Socket_BinaryFrame_IsClosed()
    {
        await using var socket = await LegacyClient.ConnectAsync(Client, ConversationId);
        await socket.NextAsync();

        await socket.Socket.SendAsync(new byte[] { 1, 2, 3 }, WebSocketMessageType.Binary, endOfMessage: true, Patience.Token);

        Assert.That((await socket.NextAsync(), socket.CloseStatus), Is.EqualTo(((JsonElement?)null, WebSocketCloseStatus.InvalidMessageType)));
    }

    [Test]
    public async Task Socket_TenMegabytes_IsClosed()
    {
        await using var socket = await LegacyClient.ConnectAsync(Client, ConversationId);
        await socket.NextAsync();
        var piece = new byte[1024 * 1024];

        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < 10 && socket.Socket.State == WebSocketState.Open; i++)
            {
                await socket.Socket.SendAsync(piece, WebSocketMessageType.Text, endOfMessage: i == 9, Patience.Token);
            }
        });

        Assert.That((await socket.NextAsync(), socket.CloseStatus), Is.EqualTo(((JsonElement?)null, WebSocketCloseStatus.MessageTooBig)));
        // What was still on its way may meet a closed door.
        await sending.ContinueWith(_ => { }, TaskScheduler.Default).OrTimeout();
    }

    /// <summary>What the serializer writes as escapes is six times as long as its content: no door may refuse what another one takes.</summary>
    [Test]
    public async Task Send_LongestContentInEscapes_IsStoredAtEveryDoor()
    {
        var message = new { role = "system", content = new string('<', ApiHost.Settings.MaxContentBytes) };
        await using var socket = await V2Socket.ConnectAsync(Client, ConversationId, position: null);
        await using var hub = await HubClient.ConnectAsync(Client);

        await socket.SendAsync(new { type = "send", id = "longest", message });
        var reply = await socket.ReplyAsync("longest");
        var sent = await hub.Connection.InvokeAsync<JsonElement>("SendMessage", ConversationId, message, Patience.Token);
        var posted = await Client.SendAsync(ConversationId, message);

        Assert.Multiple(() =>
        {
            Assert.That(reply.GetProperty("status").GetInt32(), Is.EqualTo(201));
            Assert.That(reply.GetProperty("message").GetProperty("content").GetString(), Is.EqualTo(message.content));
            Assert.That(sent.GetProperty("content").GetString(), Is.EqualTo(message.content));
            Assert.That(posted.GetProperty("content").GetString(), Is.EqualTo(message.content));
        });
    }

    [Test]
    public async Task Send_LongerThanAnyBody_ClosesTheSocket()
    {
        await using var small = await ApiHost.StartAsync(settings => settings with { MaxContentBytes = 1000 });
        using var client = small.AsUser();
        await using var socket = await V2Socket.ConnectAsync(client, await client.CreateConversationAsync(), position: null);

        await socket.SendAsync(new { type = "send", message = new { role = "system", content = new string('x', 100_000) } });
        await Assert.ThatAsync(() => socket.UntilAsync(_ => false), Throws.InvalidOperationException);

        Assert.That(socket.CloseStatus, Is.EqualTo(WebSocketCloseStatus.MessageTooBig));
    }

    [Test]
    public async Task Socket_ThatNeverReads_HoldsUpNobody()
    {
        await using var silent = await LegacyClient.ConnectAsync(Client, ConversationId);
        await using var reader = await LegacyClient.ConnectAsync(Client, ConversationId);
        await reader.NextAsync();
        var large = new string('x', 512 * 1024);

        // 20 MB of echoes, far beyond what the sockets' buffers take: the service stops reading what it cannot answer.
        var flood = Task.Run(async () =>
        {
            for (var i = 0; i < 40; i++)
            {
                await silent.SendAsync(large);
            }
        });
        for (var i = 0; i < 40; i++)
        {
            await Client.SendAsync(ConversationId, new { role = "system", content = "small" });
            Assert.That(LegacyClient.TypeOf((await reader.NextAsync())!.Value), Is.EqualTo("ack"));
        }

        Assert.That(flood.IsCompletedSuccessfully, Is.False, "Nothing was held up: the test proves nothing.");
        silent.Socket.Abort();
        await flood.ContinueWith(_ => { }, TaskScheduler.Default).OrTimeout();
    }

    [Test]
    public async Task Delete_WhileFollowed_ClosesTheSockets()
    {
        await using var socket = await LegacyClient.ConnectAsync(Client, ConversationId);
        await socket.NextAsync();

        using var deleted = await Client.Http.DeleteAsync($"{ApiClient.Root}/conversations/{ConversationId}");

        Assert.That((await socket.NextAsync(), socket.CloseStatus), Is.EqualTo(((JsonElement?)null, WebSocketCloseStatus.PolicyViolation)));
    }

    [Test]
    public async Task Hub_ForeignConversationOrBadRequest_IsAnsweredWithAReason()
    {
        using var stranger = Host.AsUser();
        await using var hub = await HubClient.ConnectAsync(stranger);
        var own = await stranger.CreateConversationAsync();

        await ReasonAsync(() => hub.Connection.InvokeAsync("JoinConversation", ConversationId, Patience.Token), "Conversation not found.");
        await ReasonAsync(
            () => hub.Connection.InvokeAsync<JsonElement>("SendMessage", ConversationId, new { role = "user", content = "x" }, Patience.Token),
            "Conversation not found.");
        await ReasonAsync(() => hub.FollowUntilAsync(ConversationId, null, "x"), "Conversation not found.");
        await ReasonAsync(() => hub.FollowUntilAsync(own, "nonsense", "x"), "position");
        await ReasonAsync(
            () => hub.Connection.InvokeAsync<JsonElement>("SendMessage", own, new { role = "robot", content = "x" }, Patience.Token), "role");
        await ReasonAsync(
            () => hub.Connection.InvokeAsync<JsonElement>("SendMessage", own, new { role = "user", content = "" }, Patience.Token), "content");
    }

    private static async Task ReasonAsync(Func<Task> call, string reason)
    {
        var error = await Assert.ThrowsAsync<HubException>(call);
        Assert.That(error!.Message, Does.Contain(reason));
    }

    private static HttpStatusCode RefusedWith(ApiClient client, Guid conversation)
    {
        var error = Assert.ThrowsAsync<WebSocketException>(() => LegacyClient.ConnectAsync(client, conversation)).GetAwaiter().GetResult();
        var digits = new string([.. error!.Message.Where(char.IsAsciiDigit)]);
        return Enum.Parse<HttpStatusCode>(digits[..3]);
    }
}
