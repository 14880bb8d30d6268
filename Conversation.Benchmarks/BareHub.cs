using Microsoft.AspNetCore.SignalR;

namespace Conversation.Benchmarks;

/// <summary>The yardstick's hub: plain SignalR groups.</summary>
internal sealed class BareHub : Hub
{
    /// <summary>The group that every message is sent to.</summary>
    public const string Group = "all";

    public Task JoinConversation(Guid conversation) => Groups.AddToGroupAsync(Context.ConnectionId, Group);
}
