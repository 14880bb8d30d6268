using Conversation.Data.Postgres;

namespace Conversation.Data.Log;

/// <summary>One durable change of one conversation.</summary>
/// <typeparam name="TResult">What the commit answers.</typeparam>
public abstract record LogWrite<TResult>
    where TResult : class
{
    /// <summary>The conversation whose sequence it takes numbers of.</summary>
    public required Guid ConversationId { get; init; }

    /// <summary>Names this write in the log, so that its outcome can be looked up after a lost connection.</summary>
    public Guid WriteId { get; } = Ids.New();

    internal abstract LogItem<TResult> ToItem();
}
