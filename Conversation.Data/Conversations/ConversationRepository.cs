using Conversation.Data.Access;
using Conversation.Data.Postgres;

namespace Conversation.Data.Conversations;

/// <summary>Reads conversations. What the caller may not reach is not there.</summary>
public sealed partial class ConversationRepository
{
    private static readonly DateTime EndOfTime = new(9999, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly DbSession _session;

    internal ConversationRepository(DbSession session) => _session = session;

    /// <summary>One conversation, null where it does not exist or is out of reach.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="id">Which.</param>
    /// <param name="token">Ends the query.</param>
    public Task<ConversationRow?> FindAsync(Caller caller, Guid id, CancellationToken token) =>
        _session.FindAsync<ConversationRow>(FindSql, new { id, reach = caller.Reach }, token);

    /// <summary>The latest active first.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="after">The last one of the page before, null for the first page.</param>
    /// <param name="token">Ends the query.</param>
    public Task<Page<ConversationRow>> ListAsync(Caller caller, int limit, ConversationCursor? after, CancellationToken token) =>
        caller.Reach is { } reach
            ? _session.PageAsync<ConversationRow>(
                ListOwnedSql, new { reach, limit, updatedAt = after?.UpdatedAt ?? EndOfTime, id = after?.Id ?? Guid.Empty }, Length, token)
            : _session.PageAsync<ConversationRow>(
                ListAllSql, new { limit, updatedAt = after?.UpdatedAt ?? EndOfTime, id = after?.Id ?? Guid.Empty }, Length, token);

    /// <summary>The heads of the logs of many conversations, for the service's own watch over them; deleted ones are left in.</summary>
    /// <param name="ids">Which.</param>
    /// <param name="token">Ends the query.</param>
    internal Task<IReadOnlyList<LogHead>> HeadsAsServiceAsync(Guid[] ids, CancellationToken token) =>
        _session.ListAsync<LogHead>(HeadsSql, new { ids }, token);

    /// <summary>The versions of conversations, for <see cref="VersionLoader"/>, which checks the rights; deleted ones are left in.</summary>
    /// <param name="ids">Which.</param>
    /// <param name="token">Ends the query.</param>
    internal Task<IReadOnlyList<ConversationVersion>> VersionsAsServiceAsync(Guid[] ids, CancellationToken token) =>
        _session.ListAsync<ConversationVersion>(VersionsSql, new { ids }, token);

    private static int Length(ConversationRow row) => row.Metadata?.Length ?? 0;
}

/// <summary>Where a page of conversations ended.</summary>
/// <param name="UpdatedAt">Of its last row, UTC.</param>
/// <param name="Id">Of its last row.</param>
public sealed record ConversationCursor(DateTime UpdatedAt, Guid Id);

/// <summary>What a watch over a log needs to know of it.</summary>
internal sealed record LogHead(
    Guid ConversationId,
    long LastSeq,
    Guid? OwnerId,
    bool Deleted,
    Guid? StreamingMessageId,
    long? StreamingSeq,
    int? StreamingAttempt,
    int? StreamingKeep)
{
    /// <summary>What is known of one that no row remembers.</summary>
    public static LogHead Gone(Guid id) => new(id, 0, null, Deleted: true, null, null, null, null);
}
