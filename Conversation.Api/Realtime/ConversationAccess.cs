using System.Security.Claims;
using Conversation.Api.Auth;
using Conversation.Data.Conversations;

namespace Conversation.Api.Realtime;

/// <summary>Whether a principal may follow a conversation. Unknown and foreign look the same.</summary>
internal sealed class ConversationAccess(CallerResolver callers, ConversationRepository conversations)
{
    public async Task<bool> MayFollowAsync(ClaimsPrincipal principal, Guid conversationId, CancellationToken token) =>
        await conversations.FindAsync(callers.Resolve(principal), conversationId, token) is not null;
}
