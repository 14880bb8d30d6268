using System.Net;
using System.Text.Json;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.Realtime;

/// <summary>How server-sent events and the hub's <c>Follow</c> end, and how they are refused.</summary>
[TestFixture]
internal sealed class FollowEndTests : ConversationFixture
{
    /// <summary>Who may not follow, and looks like it was never there.</summary>
    private static readonly string[] Refused = ["unknown", "foreign", "deleted"];

    [Test]
    public async Task Token_ExpiresWhileFollowedByEvents_EndsThem()
    {
        var time = new ShiftedTime();
        await using var host = await ApiHost.StartAsync(services: services => services.AddSingleton<TimeProvider>(time));
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();

        var types = await TypesAsync(client.FollowAsync(Door.Sse, conversation, position: null, Patience.Token), () =>
        {
            // Longer than the token lives.
            time.Forward(TimeSpan.FromHours(2));
            return Task.CompletedTask;
        });

        Assert.That(types, Is.EqualTo(new[] { "subscription.ready" }));
    }

    /// <summary>By the system's clock, which is the one that ends the hub's connections.</summary>
    [Test]
    public async Task Token_ExpiresWhileFollowedAtTheHub_ClosesTheConnectionAndFailsTheStream()
    {
        var user = Guid.CreateVersion7();
        using var owner = Host.AsUser(user);
        var conversation = await owner.CreateConversationAsync();
        using var shortly = Host.As(TestTokens.Sign(
            TestTokens.UserKey, user.ToString(), TestTokens.UserIssuer, lifetime: TimeSpan.FromSeconds(8)));
        await using var hub = await HubClient.ConnectAsync(shortly);
        var closed = new TaskCompletionSource();
        hub.Connection.Closed += _ =>
        {
            closed.TrySetResult();
            return Task.CompletedTask;
        };
        using var patience = new CancellationTokenSource(Patience.Limit);
        var began = false;

        var error = await Assert.CatchAsync(() => TypesAsync(
            hub.Connection.StreamAsync<JsonElement>("Follow", conversation, null, patience.Token), () =>
            {
                began = true;
                return Task.CompletedTask;
            }));
        await closed.Task.OrTimeout();

        Assert.That(began, Is.True, error!.ToString());
        Assert.That(patience.IsCancellationRequested, Is.False, error.ToString());
        Assert.That(hub.Connection.State, Is.EqualTo(HubConnectionState.Disconnected), error.ToString());
    }

    [TestCase(Door.Hub)]
    [TestCase(Door.Sse)]
    public async Task Deleted_WhileFollowed_TellsAndEnds(Door door)
    {
        await using var hub = await HubClient.ConnectAsync(Client);

        var types = await TypesAsync(Follow(hub, door, ConversationId), () => DeleteAsync(ConversationId));

        Assert.That(types, Is.EqualTo(new[] { "subscription.ready", "conversation.deleted" }));
        await AssertFollowsAnotherAsync(hub, door);
    }

    [TestCase(Door.Hub)]
    [TestCase(Door.Sse)]
    public async Task Owner_ChangesWhileFollowed_EndsWithoutAWord(Door door)
    {
        await using var hub = await HubClient.ConnectAsync(Client);

        var types = await TypesAsync(Follow(hub, door, ConversationId), ChangeOwnerAsync);

        Assert.That(types, Is.EqualTo(new[] { "subscription.ready" }));
        await AssertFollowsAnotherAsync(hub, door);
    }

    [Test]
    public async Task Follow_OfWhatIsNotTheCallers_IsRefusedAlikeAndKeepsTheConnection()
    {
        await using var hub = await HubClient.ConnectAsync(Client);
        foreach (var which in Refused)
        {
            var conversation = await NotMineAsync(which);

            var error = await Assert.ThrowsAsync<HubException>(
                () => TypesAsync(Follow(hub, Door.Hub, conversation), () => Task.CompletedTask), which);

            Assert.That(error!.Message, Does.EndWith("HubException: Conversation not found."), which);
        }

        await AssertFollowsAnotherAsync(hub, Door.Hub);
    }

    [Test]
    public async Task Events_OfWhatIsNotTheCallers_AreRefusedAlikeBeforeTheyBegin()
    {
        foreach (var which in Refused)
        {
            using var request = new HttpRequestMessage(
                HttpMethod.Get, $"{ApiClient.Root}/conversations/{await NotMineAsync(which)}/events");
            request.Headers.Accept.ParseAdd("text/event-stream");

            using var response = await Client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Patience.Token);

            // Looked at first: what has begun does not end.
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound), which);
            var body = await ApiClient.ReadAsync(response, 404);
            Assert.That(body.GetProperty("detail").GetString(), Is.EqualTo("Conversation not found."), which);
        }
    }

    private IAsyncEnumerable<JsonElement> Follow(HubClient hub, Door door, Guid conversation) => door == Door.Hub
        ? hub.Connection.StreamAsync<JsonElement>("Follow", conversation, null, Patience.Token)
        : Client.FollowAsync(door, conversation, position: null, Patience.Token);

    /// <summary>What is told up to the end, but for heartbeats.</summary>
    /// <param name="frames">Of one conversation.</param>
    /// <param name="onReady">Done once the follower is registered.</param>
    private static async Task<List<string>> TypesAsync(IAsyncEnumerable<JsonElement> frames, Func<Task> onReady)
    {
        var types = new List<string>();
        await foreach (var frame in frames)
        {
            var type = LegacyClient.TypeOf(frame);
            if (type == "subscription.ready")
            {
                await onReady();
            }

            if (type != "heartbeat")
            {
                types.Add(type);
            }
        }

        return types;
    }

    /// <summary>A connection may follow others: it is not closed for the one.</summary>
    private async Task AssertFollowsAnotherAsync(HubClient hub, Door door)
    {
        if (door == Door.Hub)
        {
            var other = await Client.CreateConversationAsync();
            await Client.SendAsync(other, new { role = "system", content = "goes on" });
            await hub.FollowUntilAsync(other, position: null, "message.created");
        }
    }

    private async Task<Guid> NotMineAsync(string which)
    {
        if (which == "unknown")
        {
            return Guid.CreateVersion7();
        }

        using var stranger = Host.AsUser();
        var conversation = await (which == "foreign" ? stranger : Client).CreateConversationAsync();
        if (which == "deleted")
        {
            await DeleteAsync(conversation);
        }

        return conversation;
    }

    private async Task DeleteAsync(Guid conversation)
    {
        using var deleted = await Client.Http.DeleteAsync($"{ApiClient.Root}/conversations/{conversation}");
        deleted.EnsureSuccessStatusCode();
    }
}
