using Conversation.Data.Messages;

namespace Conversation.Api.AgentRuntimes;

/// <summary>What an agent is asked.</summary>
internal sealed record AgentContext
{
    /// <summary>The run.</summary>
    public required Guid RunId { get; init; }

    /// <summary>Where the answer goes.</summary>
    public required Guid ConversationId { get; init; }

    /// <summary>The message to answer.</summary>
    public required MessageRow Trigger { get; init; }

    /// <summary>What is asked: the texts of the messages that were coalesced into the one to answer, and its own last, a blank line between.</summary>
    public required string Question { get; init; }

    /// <summary>
    /// Names the conversation to a runtime that keeps a memory of its own: not guessable, and another one after a message was edited,
    /// deleted or answered again, so that the memory starts anew.
    /// </summary>
    public required string SessionId { get; init; }

    /// <summary>Which agent: the one that the conversation's metadata names, else the one that was chosen for it before; null for none yet.</summary>
    public string? Agent { get; init; }

    /// <summary>What is left of an earlier attempt that a killed process began; null for a new answer.</summary>
    public AgentResume? Resume { get; init; }

    /// <summary>
    /// Whether the stop that a cancelled token asks for is only this process's: another one continues, so a runtime that can resume
    /// lets go of its work without stopping it.
    /// </summary>
    public Func<bool> IsHandedOver { get; init; } = static () => false;

    /// <summary>The visible messages before the trigger and the answers to them, oldest first, read only if the runtime wants them.</summary>
    public required Func<CancellationToken, IAsyncEnumerable<MessageRow>> Earlier { get; init; }
}

/// <summary>Where an answer is to be continued. Only a runtime that declares <see cref="AgentCapabilities.Resumes"/> is given one.</summary>
/// <param name="Token">The last <see cref="ResumePoint"/> that the run said.</param>
/// <param name="Text">What is kept of the answer; the next <see cref="TextDelta"/> follows it.</param>
internal sealed record AgentResume(string Token, string Text);
