using Conversation.Data.Postgres;

namespace Conversation.Data.Housekeeping;

/// <summary>
/// Deletes what nobody can reach any more, a batch with each statement, each its own transaction. Nodes take turns by an advisory lock
/// that is only tried: a second one finds nothing to do.
/// </summary>
internal sealed partial class HousekeepingStore(DbSession session)
{
    /// <summary>A batch of everything that belongs to deleted conversations.</summary>
    /// <param name="hours">Only those deleted at least this long ago.</param>
    /// <param name="limit">Rows of each table at most.</param>
    /// <param name="token">Ends it between statements.</param>
    /// <returns>How many rows went.</returns>
    public async Task<int> DeleteGoneAsServiceAsync(int hours, int limit, CancellationToken token) =>
        await session.ExecuteAsync(DeleteEventsSql, new { hours, limit }, token)
        + await session.ExecuteAsync(DeleteKeysOfDeletedSql, new { hours, limit }, token)
        + await session.ExecuteAsync(DeleteRunsSql, new { hours, limit }, token)
        + await session.ExecuteAsync(DeleteMessagesSql, new { hours, limit }, token)
        + await session.ExecuteAsync(DeleteConversationsSql, new { hours }, token);

    /// <summary>A batch of idempotency keys that are old enough.</summary>
    public Task<int> DeleteOldKeysAsServiceAsync(int hours, int limit, CancellationToken token) =>
        session.ExecuteAsync(DeleteOldKeysSql, new { hours, limit }, token);

    /// <summary>A batch of checkpoints of messages that have ended.</summary>
    public Task<int> DeleteCheckpointsAsServiceAsync(int limit, CancellationToken token) =>
        session.ExecuteAsync(DeleteCheckpointsSql, new { limit }, token);

    /// <summary>How many runs of all nodes wait, run and are being cancelled, and for how long the oldest has.</summary>
    public Task<IReadOnlyList<RunsInState>> RunsAsServiceAsync(CancellationToken token) =>
        session.ListAsync<RunsInState>(RunsSql, null, token);

    /// <summary>How large the tables are.</summary>
    public Task<IReadOnlyList<TableSize>> TablesAsServiceAsync(CancellationToken token) =>
        session.ListAsync<TableSize>(TablesSql, null, token);
}

internal sealed record RunsInState(string Status, long Runs, double OldestSeconds);

/// <summary>A table.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">With its indexes and its out-of-line values.</param>
/// <param name="Rows">An estimate.</param>
internal sealed record TableSize(string Name, long Bytes, long Rows);
