using System.Threading.Channels;
using Conversation.Data.Postgres;

namespace Conversation.Data.Log;

/// <summary>
/// The one write path: every durable change of a conversation is a write that is appended here, takes the next numbers of the
/// conversation's sequence, and is answered after its commit.
/// </summary>
public sealed class ConversationLog
{
    /// <summary>How many writes may wait for the database before new ones are refused. The wait at full load is well under a second.</summary>
    public const int QueueCapacity = 8192;

    /// <summary>How long a write may wait for its commit before its caller is told that the outcome is unknown.</summary>
    public static readonly TimeSpan PatienceForCommit = TimeSpan.FromSeconds(4);

    /// <summary>For a caller who must find out alone; only a message with a key is recognised when it comes again.</summary>
    internal const string OutcomeUnknown =
        "Whether the change was made is not known: look before you ask for it again. A message that was sent with an Idempotency-Key, or a "
        + "client_message_id, may be sent again as it was.";

    private readonly Channel<LogItem> _queue = Channel.CreateBounded<LogItem>(
        new BoundedChannelOptions(QueueCapacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    internal ChannelReader<LogItem> Queue => _queue.Reader;

    /// <summary>Appends one write; the answer comes after the commit, null where nothing reachable matched it.</summary>
    /// <typeparam name="TResult">What the write answers.</typeparam>
    /// <param name="write">What to change.</param>
    /// <param name="token">
    /// Ends the wait for an answer, not the write: what was queued is still stored.
    /// </param>
    /// <param name="committed">
    /// Takes what the commit gives, such as a lease, before the caller is answered, and also where the caller waits no longer: nobody else
    /// would. Called between two commits, so it returns at once.
    /// </param>
    /// <exception cref="DatabaseUnavailableException">The queue is full, or the database did not answer in time.</exception>
    /// <exception cref="UnstorableValueException">PostgreSQL refused a value of this write.</exception>
    public async Task<TResult?> AppendAsync<TResult>(LogWrite<TResult> write, CancellationToken token, Action<TResult>? committed = null)
        where TResult : class
    {
        var item = write.ToItem();
        item.Committed = committed;
        try
        {
            return await Enqueue(item).WaitAsync(PatienceForCommit, TimeProvider.System, token);
        }
        catch (TimeoutException error)
        {
            throw new DatabaseUnavailableException(
                $"The database did not confirm in time. {OutcomeUnknown}",
                error);
        }
    }

    /// <summary>
    /// The same for a write that must be known: waits for as long as it takes. After a failure it may be sent again, and is then looked
    /// up before it is applied, so that it is applied once.
    /// </summary>
    /// <typeparam name="TResult">What the write answers.</typeparam>
    /// <param name="write">What to change.</param>
    /// <param name="again">True where an earlier call with this same write failed.</param>
    /// <exception cref="DatabaseUnavailableException">The queue is full, or the outcome could not be asked for.</exception>
    internal Task<TResult?> AppendForCertainAsync<TResult>(LogWrite<TResult> write, bool again)
        where TResult : class
    {
        var item = write.ToItem();
        item.MayBeStored = again;
        return Enqueue(item);
    }

    private Task<TResult?> Enqueue<TResult>(LogItem<TResult> item)
        where TResult : class => _queue.Writer.TryWrite(item)
            ? item.Answer
            : Task.FromException<TResult?>(new DatabaseUnavailableException(
                "The database does not keep up with the writes. Nothing was stored. Try again shortly.")
            { NothingStored = true });
}
