using Conversation.Data.Access;
using Conversation.Data.Postgres;

namespace Conversation.Data.Runs;

/// <summary>Reads runs, and keeps the leases of those that this node works on.</summary>
public sealed partial class RunRepository
{
    private readonly DbSession _session;

    internal RunRepository(DbSession session) => _session = session;

    /// <summary>One run, null where it does not exist or is out of reach.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="id">Which.</param>
    /// <param name="token">Ends the query.</param>
    public Task<RunRow?> FindAsync(Caller caller, Guid id, CancellationToken token) =>
        _session.FindAsync<RunRow>(FindSql, new { id, reach = caller.Reach }, token);

    /// <summary>The runs of a conversation.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="conversationId">Where.</param>
    /// <param name="limit">How many at most; null for all of them.</param>
    /// <param name="newestFirst">In which order.</param>
    /// <param name="token">Ends the query.</param>
    public Task<IReadOnlyList<RunRow>> ListAsync(
        Caller caller, Guid conversationId, int? limit, bool newestFirst, CancellationToken token)
    {
        var parameters = new { conversationId, reach = caller.Reach, limit };
        return newestFirst
            ? _session.ListAsync<RunRow>(ListNewestFirstSql, parameters, token)
            : _session.ListAsync<RunRow>(ListSql, parameters, token);
    }

    /// <summary>
    /// Queued runs that nothing holds back, each the oldest of a conversation without an active run; those that have waited longest first.
    /// Found without locks.
    /// </summary>
    internal Task<IReadOnlyList<RunCandidate>> CandidatesAsServiceAsync(int limit, CancellationToken token) =>
        _session.ListAsync<RunCandidate>(CandidatesSql, new { limit }, token);

    /// <summary>Active runs whose lease has run out, by the database's clock.</summary>
    internal Task<IReadOnlyList<ExpiredRun>> ExpiredAsServiceAsync(int limit, CancellationToken token) =>
        _session.ListAsync<ExpiredRun>(ExpiredSql, new { limit }, token);

    /// <summary>
    /// Renews the leases of this node's runs at these attempts; those that are missing from the answer are lost, those that are in it but not renewed are
    /// held by somebody at the moment.
    /// </summary>
    internal Task<IReadOnlyList<RenewedRun>> RenewAsServiceAsync(Guid owner, Guid[] runs, int[] attempts, CancellationToken token) =>
        _session.ListAsync<RenewedRun>(RenewSql, new { owner, runs, attempts }, token);

    /// <summary>Which of the runs that this node had were ended by another hand: with their conversation.</summary>
    internal Task<IReadOnlyList<Guid>> DroppedAsServiceAsync(Guid[] runs, CancellationToken token) =>
        _session.ListAsync<Guid>(DroppedSql, new { runs }, token);

    /// <summary>Gives a lease up, so that another node takes the run over without waiting for the lease's end.</summary>
    internal Task ReleaseAsServiceAsync(Guid owner, Guid id, int attempt, CancellationToken token) =>
        _session.ExecuteAsync(ReleaseSql, new { owner, id, attempt }, token);

    /// <summary>How many runs wait, at most <paramref name="most"/>.</summary>
    internal Task<int> CountQueuedAsServiceAsync(int most, CancellationToken token) =>
        _session.FindAsync<int>(QueuedSql, new { most }, token);

    /// <summary>What a claimed run is to do; null where its conversation is gone.</summary>
    internal Task<RunAssignment?> AssignmentAsServiceAsync(Guid id, CancellationToken token) =>
        _session.FindAsync<RunAssignment>(AssignmentSql, new { id }, token);

    /// <summary>Remembers the agent that was chosen, for the run and for the conversation's next ones; fenced.</summary>
    internal Task<int> BindAgentAsServiceAsync(Guid conversationId, Guid id, int attempt, string agent, CancellationToken token) =>
        _session.ExecuteAsync(BindAgentSql, new { conversationId, id, attempt, agent }, token);
}

internal sealed record RunAssignment(
    Guid RunId,
    Guid ConversationId,
    long Seq,
    Guid TriggerMessageId,
    string Runtime,
    string? Agent,
    string? Metadata,
    Guid SessionId);

internal sealed record RunCandidate(Guid Id, Guid ConversationId);

internal sealed record ExpiredRun(
    Guid Id,
    Guid ConversationId,
    int Attempt,
    string Status,
    string Runtime,
    string? ResumeToken,
    int ResumeOffset,
    Guid? StreamingMessageId);

internal sealed record RenewedRun(Guid Id, string Status, bool Renewed);
