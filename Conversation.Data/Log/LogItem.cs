using Npgsql;

namespace Conversation.Data.Log;

/// <summary>A write on its way through the appender.</summary>
internal abstract class LogItem
{
    public abstract Guid ConversationId { get; }

    /// <summary>Names the write in the log.</summary>
    public abstract Guid WriteId { get; }

    /// <summary>When it came, by the monotonic clock.</summary>
    public long ArrivedAt { get; } = TimeProvider.System.GetTimestamp();

    public abstract LogStatement Statement { get; }

    /// <summary>Two items of equal key may not be judged by one statement, because neither would see what the other does; null for none.</summary>
    public object? ConflictKey { get; init; }

    /// <summary>False for a write that makes the conversation's row itself, which cannot be locked before.</summary>
    public bool LocksConversation { get; init; } = true;

    /// <summary>The run that it writes, to be locked in order; null for none, or for one that does not exist yet.</summary>
    public Guid? RunId { get; init; }

    /// <summary>True for one that was sent before and failed: it is looked up before it is applied.</summary>
    public bool MayBeStored { get; set; }

    /// <summary>True when the statement judged that this item cannot share a batch: it is then sent again by itself.</summary>
    public abstract bool MustBeAlone { get; }

    public abstract void Read(NpgsqlDataReader row);

    /// <summary>Takes the answer of a commit whose own reply was lost.</summary>
    public abstract void Recover(Changed found);

    /// <summary>Answers the caller with what was read; with nothing where no row came back.</summary>
    public abstract void Complete();

    public abstract void Fail(Exception error);

    /// <summary>Forgets what a failed attempt had read.</summary>
    public abstract void Reset();
}

/// <summary>The item with its write and its answer.</summary>
internal abstract class LogItem<TResult> : LogItem
    where TResult : class
{
    private readonly TaskCompletionSource<TResult?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TResult?> Answer => _answer.Task;

    /// <summary>Takes what the commit gives, whether or not the caller still waits; null where that is nothing to take.</summary>
    public Action<TResult>? Committed { get; set; }

    protected TResult? Result { get; private set; }

    public override void Read(NpgsqlDataReader row) => Result = Parse(row);

    public override void Recover(Changed found) => Result = Recovered(found);

    public override void Complete()
    {
        try
        {
            if (Result is { } result)
            {
                Committed?.Invoke(result);
            }

            _answer.TrySetResult(Result);
        }
        catch (Exception error)
        {
            // Whoever cannot take it fails alone: the others of the batch are still to be answered.
            _answer.TrySetException(error);
        }
    }

    public override void Fail(Exception error) => _answer.TrySetException(error);

    public override void Reset() => Result = null;

    protected abstract TResult Parse(NpgsqlDataReader row);

    protected abstract TResult? Recovered(Changed found);
}

/// <summary>The item of one kind of write.</summary>
internal sealed class LogItem<TWrite, TResult>(TWrite write, LogStatement<TWrite, TResult> statement) : LogItem<TResult>
    where TWrite : LogWrite<TResult>
    where TResult : class
{
    public TWrite Write { get; } = write;

    public override Guid ConversationId => Write.ConversationId;

    public override Guid WriteId => Write.WriteId;

    public override LogStatement Statement => statement;

    public override bool MustBeAlone => Result is { } result && statement.MustBeAlone(result);

    protected override TResult Parse(NpgsqlDataReader row) => statement.Read(row, Write);

    protected override TResult? Recovered(Changed found) => statement.Recover(found, Write);
}
