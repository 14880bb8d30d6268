using Conversation.Data.Postgres;

namespace Conversation.Data.Log;

/// <summary>Reads logs for the feed, which has checked the follower's rights.</summary>
internal sealed partial class EventRepository(DbSession session)
{
    /// <summary>
    /// For each conversation the events after a seq, at most <paramref name="limit"/> of each, in order. One statement for all of them.
    /// </summary>
    public async Task<IReadOnlyList<EventRow>> ReadAsServiceAsync(
        Guid[] conversations,
        long[] after,
        int limit,
        CancellationToken token)
    {
        var rows = await session.ListAsync<EventRecord>(ReadSql, new { conversations, after, limit }, token);
        return [.. rows.Select(row => row.ToEvent())];
    }
}
