using System.Runtime.CompilerServices;
using Conversation.Data.Access;
using Conversation.Data.Postgres;

namespace Conversation.Data.Messages;

/// <summary>Reads messages. What the caller may not reach is not there.</summary>
public sealed partial class MessageRepository
{
    private const int PageSize = 64;

    private readonly DbSession _session;

    internal MessageRepository(DbSession session) => _session = session;

    /// <summary>One message, null where it does not exist or is out of reach.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="conversationId">Where it stands.</param>
    /// <param name="id">Which.</param>
    /// <param name="token">Ends the query.</param>
    public Task<MessageRow?> FindAsync(Caller caller, Guid conversationId, Guid id, CancellationToken token) =>
        _session.FindAsync<MessageRow>(FindSql, new { id, conversationId, reach = caller.Reach }, token);

    /// <summary>The latest message of a role, null where there is none.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="conversationId">Where.</param>
    /// <param name="role">One of <see cref="MessageRole"/>.</param>
    /// <param name="token">Ends the query.</param>
    public Task<MessageRow?> FindLastAsync(Caller caller, Guid conversationId, string role, CancellationToken token) =>
        _session.FindAsync<MessageRow>(FindLastSql, new { conversationId, role, reach = caller.Reach }, token);

    /// <summary>A page of messages; none where the conversation is out of reach. It is cut where their text is long.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="conversationId">Where.</param>
    /// <param name="range">Which and in what order.</param>
    /// <param name="token">Ends the query.</param>
    public Task<Page<MessageRow>> ListAsync(Caller caller, Guid conversationId, MessageRange range, CancellationToken token) =>
        range.NewestFirst
            ? _session.PageAsync<MessageRow>(NewestFirstSql, Arguments(caller, conversationId, range), Length, token)
            : _session.PageAsync<MessageRow>(OldestFirstSql, Arguments(caller, conversationId, range), Length, token);

    /// <summary>All messages of a range, page by page: in constant memory, and without holding a connection while a client reads.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="conversationId">Where.</param>
    /// <param name="range">Which and in what order; its limit is not looked at.</param>
    /// <param name="token">Ends the query.</param>
    public async IAsyncEnumerable<MessageRow> StreamAsync(
        Caller caller, Guid conversationId, MessageRange range, [EnumeratorCancellation] CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(range);
        for (var rest = range with { Limit = PageSize }; ;)
        {
            var page = await ListAsync(caller, conversationId, rest, token);
            foreach (var row in page.Rows)
            {
                yield return row;
            }

            if (page.Rows.Count < PageSize && !page.IsCut)
            {
                yield break;
            }

            rest = rest.NewestFirst ? rest with { Before = page.Rows[^1].Seq } : rest with { After = page.Rows[^1].Seq };
        }
    }

    /// <summary>
    /// What one run answers, oldest first: a message, and before it those that were coalesced into it. The oldest are left out where their
    /// text is too long to be read at once.
    /// </summary>
    /// <param name="conversationId">Where.</param>
    /// <param name="trigger">The message.</param>
    /// <param name="token">Ends the query.</param>
    internal async Task<IReadOnlyList<MessageRow>> AskedAsServiceAsync(Guid conversationId, Guid trigger, CancellationToken token)
    {
        var page = await _session.PageAsync<MessageRow>(AskedSql, new { conversationId, trigger }, Length, token);
        return [.. page.Rows.Reverse()];
    }

    /// <summary>What an agent is to know when it answers a message, oldest first, page by page.</summary>
    /// <param name="conversationId">Where.</param>
    /// <param name="trigger">The seq of the message to answer.</param>
    /// <param name="token">Ends the query.</param>
    internal async IAsyncEnumerable<MessageRow> ContextAsServiceAsync(
        Guid conversationId, long trigger, [EnumeratorCancellation] CancellationToken token)
    {
        for (var after = 0L; ;)
        {
            var page = await _session.PageAsync<MessageRow>(
                ContextSql, new { conversationId, trigger, after, limit = PageSize }, Length, token);
            foreach (var row in page.Rows)
            {
                yield return row;
            }

            if (page.Rows.Count < PageSize && !page.IsCut)
            {
                yield break;
            }

            after = page.Rows[^1].Seq;
        }
    }

    private static int Length(MessageRow row) => row.Content.Length + (row.Metadata?.Length ?? 0);

    private static object Arguments(Caller caller, Guid conversationId, MessageRange range) => new
    {
        conversationId,
        reach = caller.Reach,
        after = range.After,
        before = range.Before,
        limit = range.Limit,
        superseded = range.WithSuperseded,
    };
}

/// <summary>A part of a conversation's messages.</summary>
/// <param name="After">Only messages of a greater seq.</param>
/// <param name="Before">Only messages of a smaller seq.</param>
/// <param name="Limit">How many at most, null for all.</param>
/// <param name="NewestFirst">The order.</param>
/// <param name="WithSuperseded">Whether replaced answers are listed.</param>
public sealed record MessageRange(
    long After = 0,
    long Before = long.MaxValue,
    int? Limit = null,
    bool NewestFirst = false,
    bool WithSuperseded = false);
