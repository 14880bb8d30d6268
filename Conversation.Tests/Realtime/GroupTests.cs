using Conversation.Api.Realtime;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conversation.Tests.Realtime;

/// <summary>What a connection keeps of a group that it is a member of no more: nothing.</summary>
[TestFixture]
internal sealed class GroupTests
{
    [Test]
    public async Task Subscription_ThatEnded_LeavesTheGroup()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var hub = await HubClient.ConnectAsync(client);
        await hub.Connection.InvokeAsync("JoinConversation", conversation, Patience.Token);
        using var deleted = await client.Http.DeleteAsync($"{ApiClient.Root}/conversations/{conversation}");
        await hub.UntilAsync("subscription.ended");
        var everyone = host.Services.GetRequiredService<IHubContext<ConversationHub>>().Clients;

        await everyone.Group(ConversationHub.GroupOf(conversation)).SendAsync(ConversationHub.ReceiveFrame, new { type = "of the group" });
        await everyone.All.SendAsync(ConversationHub.ReceiveFrame, new { type = "of all" });

        Assert.That((await hub.UntilAsync("of all")).Select(LegacyClient.TypeOf), Has.None.EqualTo("of the group"));
    }

    [Test]
    public async Task Join_ThatFailed_FreesItsPlace()
    {
        var groups = new RefusingGroups();
        await using var host = await ApiHost.StartAsync(
            settings => settings with { MaxFollowedPerConnection = 1 },
            services => services.AddSingleton<HubLifetimeManager<ConversationHub>>(groups));
        using var client = host.AsUser();
        await using var hub = await HubClient.ConnectAsync(client);
        var refused = await client.CreateConversationAsync();
        var next = await client.CreateConversationAsync();

        await Assert.ThrowsAsync<HubException>(() => hub.Connection.InvokeAsync("JoinConversation", refused, Patience.Token));
        groups.IsRefusing = false;
        await hub.Connection.InvokeAsync("JoinConversation", next, Patience.Token);
        // A member stays one when it asks again in vain.
        groups.IsRefusing = true;
        await Assert.ThrowsAsync<HubException>(() => hub.Connection.InvokeAsync("JoinConversation", next, Patience.Token));
        groups.IsRefusing = false;
        var limited = await Assert.ThrowsAsync<HubException>(() => hub.Connection.InvokeAsync("JoinConversation", refused, Patience.Token));

        Assert.That(limited!.Message, Does.Contain("limit"));
    }

    private sealed class RefusingGroups()
        : DefaultHubLifetimeManager<ConversationHub>(NullLogger<DefaultHubLifetimeManager<ConversationHub>>.Instance)
    {
        public bool IsRefusing { get; set; } = true;

        public override Task AddToGroupAsync(string connectionId, string groupName, CancellationToken cancellationToken = default) =>
            IsRefusing ? throw new InvalidOperationException("Not now.") : base.AddToGroupAsync(connectionId, groupName, cancellationToken);
    }
}
