using Conversation.Data.Access;

namespace Conversation.Data.Log;

/// <summary>Stores a message that a client wrote, and with it, in the same commit, the run that answers it.</summary>
public sealed record AppendMessage : LogWrite<AppendedMessage>
{
    /// <summary>Who writes; a conversation out of reach matches nothing.</summary>
    public required Caller Caller { get; init; }

    /// <summary>The new message's id, made before the write.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>One of <see cref="Messages.MessageRole"/>.</summary>
    public required string Role { get; init; }

    /// <summary>The text, free of NUL and lone surrogates.</summary>
    public required string Content { get; init; }

    /// <summary>A JSON object as text.</summary>
    public string? Metadata { get; init; }

    /// <summary>The run to queue, null to only store.</summary>
    public NewRun? Run { get; init; }

    /// <summary>The client's key for this send, null where a repeat is a new message.</summary>
    public SendKey? Key { get; init; }

    /// <summary>True to store nothing new: only a repeat, by its key, of what is stored is answered.</summary>
    public bool OnlyRepeats { get; init; }

    internal override LogItem<AppendedMessage> ToItem() => new LogItem<AppendMessage, AppendedMessage>(this, AppendMessageStatement.Instance)
    {
        ConflictKey = Key is null ? null : (ConversationId, Caller.Principal, Key.Key),
    };
}

/// <summary>A run to queue with a message.</summary>
/// <param name="Id">Its id, made before the write.</param>
/// <param name="Runtime">What shall run it.</param>
/// <param name="Agent">Which agent, null for the runtime's default.</param>
/// <param name="OnBusy">What it does while another run is active; null for the conversation's own rule.</param>
/// <param name="Claimant">The node that takes it at once if nothing runs before it in the conversation; null to leave it queued.</param>
/// <param name="Traceparent">The W3C trace context of the request that asks for it, 55 characters; null for none.</param>
public sealed record NewRun(Guid Id, string Runtime, string? Agent, string? OnBusy, Guid? Claimant, string? Traceparent);

/// <summary>What makes a repeated send recognisable.</summary>
/// <param name="Key">At most 255 characters; unique per principal and conversation.</param>
/// <param name="RequestHash">Of everything the send asks for: the same key with another hash is refused.</param>
public sealed record SendKey(string Key, byte[] RequestHash);

/// <summary>What became of a send.</summary>
public enum AppendOutcome
{
    /// <summary>The message is stored.</summary>
    Stored,

    /// <summary>It was stored before by a send with the same key.</summary>
    Replayed,

    /// <summary>The key was used before for something else; nothing was stored.</summary>
    KeyReused,

    /// <summary>A run is active, and the rule is to reject; nothing was stored.</summary>
    Busy,

    /// <summary>Not judged yet: it must be sent by itself. Never seen by a caller.</summary>
    Deferred,

    /// <summary>It is new, and only a repeat was asked for; nothing was stored.</summary>
    New,
}

/// <summary>The answer to <see cref="AppendMessage"/>.</summary>
/// <param name="Outcome">Whether it is new.</param>
/// <param name="MessageId">The message, of the first send where this is a repeat.</param>
/// <param name="Seq">Its number.</param>
/// <param name="At">When it was stored, UTC.</param>
/// <param name="RunId">Its run.</param>
/// <param name="Claimed">True when the claimant of the run holds its lease now, with attempt 1.</param>
/// <param name="Interrupted">A run that was asked to stop for this one.</param>
public sealed record AppendedMessage(
    AppendOutcome Outcome, Guid MessageId, long Seq, DateTime At, Guid? RunId, bool Claimed, Guid? Interrupted);
