using Conversation.Data.Runs;
using Npgsql;

namespace Conversation.Data.Log;

/// <summary>Takes a queued run under this node's lease, if it is the oldest of its conversation and nothing is active there.</summary>
public sealed record ClaimRun : LogWrite<ClaimedRun>
{
    /// <summary>Which run.</summary>
    public required Guid RunId { get; init; }

    /// <summary>The node that takes it.</summary>
    public required Guid Claimant { get; init; }

    internal override LogItem<ClaimedRun> ToItem() => new LogItem<ClaimRun, ClaimedRun>(this, Statement.Instance)
    {
        RunId = RunId,
        ConflictKey = (typeof(ClaimRun), ConversationId),
    };

    private sealed class Statement : LogStatement<ClaimRun, ClaimedRun>
    {
        public static Statement Instance { get; } = new();

        private const string Sql =
            """
            WITH allowed AS (
                SELECT i.*, r.attempt + 1 AS attempt, r.traceparent, c.last_seq, 1 AS events, clock_timestamp() AS at
                FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[]) AS i(
                    ord, write_id, conversation_id, run_id, claimant)
                CROSS JOIN LATERAL (SELECT * FROM conversations WHERE id = i.conversation_id OFFSET 0) c
                JOIN LATERAL (SELECT * FROM runs WHERE id = i.run_id OFFSET 0) r ON r.status = 'queued'
                WHERE c.deleted_at IS NULL
                    AND NOT EXISTS (
                        SELECT
                        FROM runs q
                        WHERE q.conversation_id = i.conversation_id AND q.status IN ('running', 'cancelling')
                        OFFSET 0)
                    AND r.seq = (
                        SELECT min(q.seq) FROM runs q WHERE q.conversation_id = i.conversation_id AND q.status = 'queued')
            ),
            """ + LogSql.TakeNumbers + $"""
            ,
            claimed AS (
                UPDATE runs r
                SET status = 'running',
                    attempt = n.attempt,
                    lease_owner = n.claimant,
                    lease_until = n.at + {LeaseSql.Length},
                    started_at = coalesce(r.started_at, n.at)
                FROM numbered n
                WHERE r.id = n.run_id
            ),
            logged AS (
                INSERT INTO conversation_events (conversation_id, seq, type, run_id, data, write_id, created_at)
                SELECT conversation_id, base + 1, 'run.started', run_id, jsonb_build_object('attempt', attempt), write_id, at
                FROM numbered
            )
            SELECT ord, attempt, traceparent
            FROM numbered
            """;

        public override ClaimedRun Read(NpgsqlDataReader row, ClaimRun write) => new(
            write.RunId, row.GetInt32(1), row.IsDBNull(2) ? null : row.GetString(2));

        /// <summary>How much of the lease is left is unknown: nobody holds it, and the sweeper gives the run back.</summary>
        public override ClaimedRun? Recover(Changed found, ClaimRun write) => null;

        protected override NpgsqlBatchCommand Bind(Columns<ClaimRun> columns) => columns
            .Add(write => write.WriteId)
            .Add(write => write.ConversationId)
            .Add(write => write.RunId)
            .Add(write => write.Claimant)
            .ToCommand(Sql);
    }
}

/// <summary>The answer to <see cref="ClaimRun"/>: the run is this node's for as long as its lease is renewed.</summary>
/// <param name="RunId">Which run.</param>
/// <param name="Attempt">The fence of every later write.</param>
/// <param name="Traceparent">The trace of the request that asked for it, as it was stored; null for none.</param>
public sealed record ClaimedRun(Guid RunId, int Attempt, string? Traceparent);
