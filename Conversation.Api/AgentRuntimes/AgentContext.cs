using Conversation.Data.Messages;

namespace Conversation.Api.AgentRuntimes;

/// <summary>What an agent is asked.</summary>
/// <param name="RunId">The run.</param>
/// <param name="ConversationId">Where the answer goes.</param>
/// <param name="Trigger">The message to answer.</param>
/// <param name="Earlier">The visible messages before it, oldest first, read only if the runtime wants them.</param>
internal sealed record AgentContext(
    Guid RunId,
    Guid ConversationId,
    MessageRow Trigger,
    Func<CancellationToken, IAsyncEnumerable<MessageRow>> Earlier);
