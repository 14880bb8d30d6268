using Conversation.Data.Postgres;

namespace Conversation.Data.Log;

/// <summary>Reads logs for the feed, which has checked the follower's rights.</summary>
internal sealed partial class EventRepository(DbSession session)
{
    /// <summary>
    /// For each conversation the events after a seq, at most <paramref name="limit"/> of each, in order. One statement for all of them.
    /// Where the text of their messages is long the page is cut: the last conversation may have more, and others may not be in it.
    /// </summary>
    public async Task<Page<EventRow>> ReadAsServiceAsync(
        Guid[] conversations,
        long[] after,
        int limit,
        CancellationToken token)
    {
        var page = await session.PageAsync<EventRecord>(ReadSql, new { conversations, after, limit }, Length, token);
        return new Page<EventRow>([.. page.Rows.Select(row => row.ToEvent())], page.IsCut);
    }

    private static int Length(EventRecord row) =>
        (row.MessageContent?.Length ?? 0) + (row.MessageMetadata?.Length ?? 0) + (row.Data?.Length ?? 0);
}
