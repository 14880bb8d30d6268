using System.Net;
using System.Net.WebSockets;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Conversation.Api.Realtime;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using V2Socket = Conversation.Tests.Infrastructure.V2Socket;

namespace Conversation.Tests.Auth;

/// <summary>Every hub method and every socket command against every kind of caller. One that is not in the table fails.</summary>
[TestFixture]
internal sealed partial class RealtimeMatrixTests
{
    /// <summary>Each hub method, called on a conversation with its run.</summary>
    private static readonly Dictionary<string, Func<HubConnection, Guid, Guid, Task>> HubMethods = new()
    {
        ["Follow"] = async (hub, conversation, run) =>
        {
            await foreach (var _ in hub.StreamAsync<JsonElement>("Follow", conversation, null, Patience.Token))
            {
                break;
            }
        },
        ["JoinConversation"] = (hub, conversation, _) => hub.InvokeAsync("JoinConversation", conversation, Patience.Token),
        ["SendMessage"] = (hub, conversation, _) => hub.InvokeAsync(
            "SendMessage", conversation, new { role = "system", content = "x" }, Patience.Token),
        ["CancelRun"] = (hub, _, run) => hub.InvokeAsync("CancelRun", run, Patience.Token),
    };

    /// <summary>What only undoes the caller's own doing.</summary>
    private static readonly string[] Harmless = ["LeaveConversation"];

    /// <summary>Each socket command: the statuses that it answers to the owner, and to a stranger's object on the owner's socket.</summary>
    private static readonly Dictionary<string, (Func<Target, object> Own, int OwnStatus, Func<Target, object>? Foreign, int ForeignStatus)> Commands = new()
    {
        ["ping"] = (_ => new { type = "ping", id = "c" }, 200, null, 0),
        ["send"] = (_ => new { type = "send", id = "c", message = new { role = "system", content = "x" } }, 201, null, 0),
        ["cancel"] = (own => new { type = "cancel", id = "c", run_id = own.Run }, 202, other => new { type = "cancel", id = "c", run_id = other.Run }, 404),
        ["follow"] = (_ => new { type = "follow", id = "c" }, 200, null, 0),
        ["auth"] = (own => new { type = "auth", id = "c", token = own.Token }, 200, other => new { type = "auth", id = "c", token = other.Token }, 403),
    };

    private ApiHost _host = null!;
    private ApiClient _owner = null!;
    private Target _own = null!;
    private Target _foreign = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync();
        _owner = _host.AsUser();
        _own = await TargetAsync(_owner);
        using var other = _host.AsUser();
        _foreign = await TargetAsync(other);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _owner?.Dispose();
        await _host.DisposeAsync();
    }

    [Test]
    public void HubMethods_AllAreInTheTable() => Assert.That(
        typeof(ConversationHub).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(method => method.GetBaseDefinition().DeclaringType != typeof(Hub))
            .Select(method => method.Name),
        Is.EquivalentTo(HubMethods.Keys.Concat(Harmless)));

    [Test]
    public void Commands_AllAreInTheTable()
    {
        var source = Checkout.Files(".cs").Where(file => file.Path.StartsWith("Conversation.Api/Realtime/V2", StringComparison.Ordinal));
        var understood = source.SelectMany(file => CaseLabel().Matches(file.Text)).Select(match => match.Groups[1].Value).Distinct();
        Assert.That(understood, Is.EquivalentTo(Commands.Keys));
    }

    [Test]
    public async Task HubMethods_OwnerAndMachine_MayCallThem()
    {
        foreach (var token in new[] { _owner.Token!, TestTokens.Machine() })
        {
            using var client = _host.As(token);
            await using var hub = await HubClient.ConnectAsync(client);
            foreach (var call in HubMethods.Values)
            {
                await call(hub.Connection, _own.Conversation, _own.Run);
            }
        }
    }

    [Test]
    public async Task HubMethods_Stranger_FindsNothing()
    {
        await using var hub = await HubClient.ConnectAsync(_owner);
        foreach (var (name, call) in HubMethods)
        {
            var error = await Assert.ThrowsAsync<HubException>(() => call(hub.Connection, _foreign.Conversation, _foreign.Run), name);
            Assert.That(error!.Message, Does.Contain("not found"), name);
        }
    }

    [Test]
    public async Task Commands_OwnAndForeignObjects_AreToldApart()
    {
        await using var socket = await V2Socket.ConnectAsync(_owner, _own.Conversation, position: null);
        foreach (var (name, (own, ownStatus, foreign, foreignStatus)) in Commands)
        {
            Assert.That(await AskAsync(own(_own)), Is.EqualTo(ownStatus), name);
            if (foreign is not null)
            {
                Assert.That(await AskAsync(foreign(_foreign)), Is.EqualTo(foreignStatus), name);
            }
        }

        async Task<int> AskAsync(object command)
        {
            await socket.SendAsync(command);
            return (await socket.ReplyAsync("c")).GetProperty("status").GetInt32();
        }
    }

    [Test]
    public async Task Auth_HostileToken_IsRefusedInBand()
    {
        using var tripwire = new Tripwire();
        await using var socket = await V2Socket.ConnectAsync(_owner, _own.Conversation, position: null);
        foreach (var (name, token) in HostileTokens.All(tripwire.Address))
        {
            await socket.SendAsync(new { type = "auth", id = name, token });
            Assert.That((await socket.ReplyAsync(name)).GetProperty("status").GetInt32(), Is.EqualTo(401), name);
        }

        Assert.That(tripwire.WasTouched, Is.False);
    }

    [Test]
    public async Task Socket_Stranger_IsRefusedBeforeTheUpgrade() => Assert.That(await RefusalAsync(_owner.Token!, inQuery: false), Is.EqualTo(404));

    [TestCase(true)]
    [TestCase(false)]
    public async Task Doors_HostileToken_IsRefusedBeforeAnything(bool inQuery)
    {
        using var tripwire = new Tripwire();
        foreach (var (name, token) in HostileTokens.All(tripwire.Address))
        {
            await Assert.MultipleAsync(async () =>
            {
                Assert.That(await RefusalAsync(token, inQuery), Is.EqualTo(401), $"socket with {name}");
                Assert.That(await RefusalAsync(token, inQuery, "/hubs/conversations"), Is.EqualTo(401), $"hub without negotiation with {name}");
                Assert.That(await StatusAsync($"/hubs/conversations/negotiate?negotiateVersion=1&access_token={token}", HttpMethod.Post), Is.EqualTo(401), $"hub with {name}");
                Assert.That(await StatusAsync($"/conversations/{_own.Conversation}/events?token={token}", HttpMethod.Get), Is.EqualTo(401), $"events with {name}");
            });
        }
    }

    [Test]
    public async Task Doors_ValidTokenOf10KB_IsAccepted()
    {
        var payload = RawTokens.Payload(_own.User.ToString(), $",\"more\":\"{new string('x', 7_500)}\"");
        var token = RawTokens.Hmac("""{"alg":"HS256","kid":"../../etc/passwd"}""", payload, TestTokens.UserKey);
        using var client = _host.As(token);
        Assert.That(token, Has.Length.GreaterThan(10_000));

        await client.GetAsync($"/conversations/{_own.Conversation}");
        await using var inHeader = await LegacyClient.ConnectAsync(client, _own.Conversation);
        await using var inQuery = await LegacyClient.ConnectAsync(client, _own.Conversation, tokenInQuery: true);

        Assert.That(LegacyClient.TypeOf((await inQuery.NextAsync())!.Value), Is.EqualTo("connected"));
    }

    private async Task<int> StatusAsync(string path, HttpMethod method)
    {
        using var client = _host.As(token: null!);
        using var request = new HttpRequestMessage(method, $"{ApiClient.Root}{path}");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Patience.Token);
        return (int)response.StatusCode;
    }

    /// <summary>The status that answers a request for a socket, of the hub or on a conversation that is not the token's.</summary>
    private async Task<int> RefusalAsync(string token, bool inQuery, string? path = null)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (!inQuery)
        {
            socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        }

        var address = new UriBuilder(_host.Address)
        {
            Scheme = "ws",
            Path = ApiClient.Root + (path ?? $"/ws/conversations/{_foreign.Conversation}"),
            Query = inQuery ? $"{(path is null ? "token" : "access_token")}={token}" : "",
        };
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address.Uri, Patience.Token));
        return (int)(socket.HttpStatusCode == default ? HttpStatusCode.OK : socket.HttpStatusCode);
    }

    private static async Task<Target> TargetAsync(ApiClient client)
    {
        var conversation = await client.CreateConversationAsync();
        var owner = (await client.GetAsync($"/conversations/{conversation}")).GetProperty("owner_id").GetGuid();
        var message = await client.SayAsync(conversation, "Hello");
        return new Target(conversation, message.GetProperty("run_id").GetGuid(), owner, client.Token!);
    }

    private sealed record Target(Guid Conversation, Guid Run, Guid User, string Token);

    [GeneratedRegex("case \"([a-z_]+)\":")]
    private static partial Regex CaseLabel();
}
