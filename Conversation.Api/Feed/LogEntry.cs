using Conversation.Data.Log;
using Conversation.Data.Messages;

namespace Conversation.Api.Feed;

/// <summary>An event as it was read from the log, with the frame that followers in step share.</summary>
internal sealed class LogEntry(EventRow row)
{
    private EventFrame? _frame;

    public EventRow Row => row;

    public long Seq => row.Seq;

    public string Type => row.Type;

    /// <summary>Whether a message's text ends with this event.</summary>
    public bool EndsText => Type is EventTypes.MessageCompleted or EventTypes.MessageInterrupted;

    /// <summary>The message that the event ends the text of, null for any other event and for one that was deleted since.</summary>
    public MessageRow? Ended => EndsText && row.Message is { Deleted: false } message ? message : null;

    /// <summary>The message that the event starts, null for any other event.</summary>
    public MessageRow? Started => Type == EventTypes.MessageStarted ? row.Message : null;

    /// <summary>The new attempt of the streaming message that a takeover began, null for any other event.</summary>
    public MessageRow? Rewritten => Type == EventTypes.RunStarted && row.Message is { Status: MessageStatus.Streaming } message ? message : null;

    /// <summary>Whether the run itself put another text in the place of what it had shown.</summary>
    public bool ReplacesText => EndsText && row.Data is not null;

    /// <summary>The message whose earlier events tell of it as it was; null where nothing of it was changed.</summary>
    public Guid? Changed =>
        Type is EventTypes.MessageUpdated or EventTypes.MessageDeleted or EventTypes.MessageSuperseded ? row.Message?.Id : null;

    /// <summary>The frame at a position: shared while followers are in step, made anew for one that is not.</summary>
    public EventFrame Frame(Position position)
    {
        var shared = _frame;
        if (shared?.Position == position)
        {
            return shared;
        }

        return _frame = new EventFrame(this, position);
    }
}
