using Conversation.Data.Postgres;

namespace Conversation.Data.Log;

/// <summary>Reads logs for the feed, which has checked the follower's rights.</summary>
internal sealed partial class EventRepository(DbSession session)
{
    /// <summary>In UTF-16 code units; the row that passes it is still in the page.</summary>
    private const int MostTextOfFollower = 256 * 1024;

    /// <summary>
    /// For each conversation the events after a seq, at most <paramref name="limit"/> of each, in order. One statement for all of them.
    /// Where the text of their messages is long the page is cut: the last conversation may have more, and others may not be in it.
    /// </summary>
    public async Task<Page<EventRow>> ReadAsServiceAsync(
        Guid[] conversations,
        long[] after,
        int limit,
        CancellationToken token) => Page(await session.PageAsync<EventRecord>(ReadSql, new { conversations, after, limit }, Length, token));

    /// <summary>The same of one conversation for one follower, whose page stays in memory until it is read: it is kept short.</summary>
    public async Task<Page<EventRow>> ReadForFollowerAsServiceAsync(Guid conversation, long after, int limit, CancellationToken token) =>
        Page(await session.PageAsync<EventRecord>(
            ReadSql, new { conversations = new[] { conversation }, after = new[] { after }, limit }, Length, token, MostTextOfFollower));

    private static Page<EventRow> Page(Page<EventRecord> page) =>
        new Page<EventRow>([.. page.Rows.Select(row => row.ToEvent())], page.IsCut);

    private static int Length(EventRecord row) =>
        (row.MessageContent?.Length ?? 0) + (row.MessageMetadata?.Length ?? 0) + (row.Data?.Length ?? 0);
}
