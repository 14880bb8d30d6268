using Conversation.Data.Access;
using Npgsql;

namespace Conversation.Data.Log;

/// <summary>
/// Asks a run to stop. One that is queued is cancelled at once; one that is running is told; one that is being cancelled, or has ended,
/// stays as it is.
/// </summary>
public sealed record CancelRun : LogWrite<CancelAnswer>
{
    /// <summary>Who asks.</summary>
    public required Caller Caller { get; init; }

    /// <summary>Which run.</summary>
    public required Guid RunId { get; init; }

    internal override LogItem<CancelAnswer> ToItem() => new LogItem<CancelRun, CancelAnswer>(this, Statement.Instance)
    {
        RunId = RunId,
        ConflictKey = (typeof(CancelRun), RunId),
    };

    private sealed class Statement : LogStatement<CancelRun, CancelAnswer>
    {
        public static Statement Instance { get; } = new();

        private const string Sql =
            """
            WITH reachable AS (
                SELECT i.*, c.last_seq, r.status, clock_timestamp() AS at
                FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[]) AS i(ord, write_id, conversation_id, reach, run_id)
                CROSS JOIN LATERAL (SELECT * FROM conversations WHERE id = i.conversation_id OFFSET 0) c
                JOIN runs r ON r.id = i.run_id AND r.conversation_id = i.conversation_id
                WHERE c.deleted_at IS NULL AND (i.reach IS NULL OR c.owner_id = i.reach)
            ),
            allowed AS (
                SELECT r.*, 1 AS events
                FROM reachable r
                WHERE r.status IN ('queued', 'running')
            ),
            """ + LogSql.TakeNumbers + """
            ,
            asked AS (
                UPDATE runs r
                SET status = CASE WHEN n.status = 'queued' THEN 'cancelled' ELSE 'cancelling' END,
                    cancel_outcome = CASE WHEN n.status = 'queued' THEN 'confirmed' END,
                    finished_at = CASE WHEN n.status = 'queued' THEN n.at END
                FROM numbered n
                WHERE r.id = n.run_id
            ),
            logged AS (
                INSERT INTO conversation_events (conversation_id, seq, type, run_id, write_id, created_at)
                SELECT
                    conversation_id, base + 1, CASE WHEN status = 'queued' THEN 'run.cancelled' ELSE 'run.cancelling' END,
                    run_id, write_id, at
                FROM numbered
            )
            SELECT ord
            FROM reachable
            """;

        public override CancelAnswer Read(NpgsqlDataReader row, CancelRun write) => CancelAnswer.Asked;

        public override CancelAnswer Recover(Changed found, CancelRun write) => CancelAnswer.Asked;

        protected override NpgsqlBatchCommand Bind(Columns<CancelRun> columns) => columns
            .Add(write => write.WriteId)
            .Add(write => write.ConversationId)
            .Add(write => write.Caller.Reach)
            .Add(write => write.RunId)
            .ToCommand(Sql);
    }
}

/// <summary>The answer to <see cref="CancelRun"/>: the run exists, and whatever it was doing, it has been asked to stop.</summary>
public sealed record CancelAnswer
{
    internal static CancelAnswer Asked { get; } = new();
}
