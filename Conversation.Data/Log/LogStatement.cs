using Npgsql;

namespace Conversation.Data.Log;

/// <summary>One kind of write: a constant statement that applies any number of them, for any number of conversations.</summary>
internal abstract class LogStatement
{
    /// <summary>The statement with the items as arrays. Its rows begin with the ordinal of the item they answer.</summary>
    public abstract NpgsqlBatchCommand Bind(IReadOnlyList<LogItem> items);
}

/// <summary>The same, typed.</summary>
internal abstract class LogStatement<TWrite, TResult> : LogStatement
    where TWrite : LogWrite<TResult>
    where TResult : class
{
    public abstract TResult Read(NpgsqlDataReader row, TWrite write);

    /// <summary>The answer of a write that was found in the log after its own reply was lost; null to claim nothing.</summary>
    public abstract TResult? Recover(Changed found, TWrite write);

    /// <summary>Whether an answer says that the write was not applied because of others beside it in the batch.</summary>
    public virtual bool MustBeAlone(TResult result) => false;

    public sealed override NpgsqlBatchCommand Bind(IReadOnlyList<LogItem> items)
    {
        var writes = new TWrite[items.Count];
        var ordinals = new int[items.Count];
        for (var i = 0; i < writes.Length; i++)
        {
            writes[i] = ((LogItem<TWrite, TResult>)items[i]).Write;
            ordinals[i] = i;
        }

        var columns = new Columns<TWrite>(writes);
        columns.Add(ordinals);
        return Bind(columns);
    }

    protected abstract NpgsqlBatchCommand Bind(Columns<TWrite> columns);
}
