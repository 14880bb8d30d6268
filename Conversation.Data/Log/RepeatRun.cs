using Conversation.Data.Access;
using Conversation.Data.Runs;
using Npgsql;

namespace Conversation.Data.Log;

/// <summary>Has a user message answered again. The earlier answers stay, marked as superseded.</summary>
public sealed record RepeatRun : LogWrite<RepeatedRun>
{
    /// <summary>Who asks.</summary>
    public required Caller Caller { get; init; }

    /// <summary>The user message to answer; any other matches nothing.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>The run to queue; its rule for a busy conversation is not looked at.</summary>
    public required NewRun Run { get; init; }

    internal override LogItem<RepeatedRun> ToItem() => new LogItem<RepeatRun, RepeatedRun>(this, Statement.Instance)
    {
        ConflictKey = (typeof(RepeatRun), ConversationId),
    };

    private sealed class Statement : LogStatement<RepeatRun, RepeatedRun>
    {
        public static Statement Instance { get; } = new();

        private const string Sql =
            """
            WITH reachable AS (
                SELECT
                    i.*,
                    c.last_seq,
                    clock_timestamp() AS at,
                    EXISTS (
                        SELECT FROM runs q
                        WHERE q.conversation_id = c.id AND q.status = 'queued' AND q.trigger_message_id = m.id)
                        OR EXISTS (
                            SELECT FROM runs q
                            WHERE q.conversation_id = c.id AND q.status IN ('running', 'cancelling') AND q.trigger_message_id = m.id)
                        AS pending,
                    EXISTS (SELECT FROM runs q WHERE q.conversation_id = c.id AND q.status = 'queued')
                        OR EXISTS (SELECT FROM runs q WHERE q.conversation_id = c.id AND q.status IN ('running', 'cancelling'))
                        AS busy
                FROM unnest(
                    $1::int[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::uuid[], $10::text[]) AS i(
                    ord, write_id, conversation_id, reach, message_id, run_id, runtime, agent, claimant, traceparent)
                CROSS JOIN LATERAL (SELECT * FROM conversations WHERE id = i.conversation_id OFFSET 0) c
                JOIN messages m ON m.id = i.message_id AND m.conversation_id = c.id AND m.role = 'user' AND m.deleted_at IS NULL
                WHERE c.deleted_at IS NULL AND (i.reach IS NULL OR c.owner_id = i.reach)
            ),
            replaced AS (
                SELECT r.ord, m.id, row_number() OVER (PARTITION BY r.ord ORDER BY m.seq) AS nth
                FROM reachable r
                JOIN runs q ON q.conversation_id = r.conversation_id AND q.trigger_message_id = r.message_id
                JOIN messages m ON m.id = q.assistant_message_id AND m.status IN ('completed', 'interrupted') AND m.deleted_at IS NULL
                WHERE NOT r.pending
            ),
            allowed AS (
                SELECT
                    r.*,
                    x.replaced,
                    r.claimant IS NOT NULL AND NOT r.busy AS claimed,
                    x.replaced + 1 + (r.claimant IS NOT NULL AND NOT r.busy)::int AS events
                FROM reachable r
                CROSS JOIN LATERAL (SELECT count(*)::int AS replaced FROM replaced p WHERE p.ord = r.ord) x
                WHERE NOT r.pending
            ),
            """ + LogSql.TakeNumbersInNewSession +
            $"""
            ,
            superseded AS (
                UPDATE messages m
                SET status = 'superseded', updated_at = n.at
                FROM replaced p
                JOIN numbered n ON n.ord = p.ord
                WHERE m.id = p.id
            ),
            queued AS (
                INSERT INTO runs (
                    id, conversation_id, seq, trigger_message_id, runtime, agent, status, attempt,
                    lease_owner, lease_until, queued_at, started_at, traceparent)
                SELECT
                    run_id, conversation_id, base + replaced + 1, message_id, runtime, agent,
                    CASE WHEN claimed THEN 'running' ELSE 'queued' END,
                    claimed::int,
                    CASE WHEN claimed THEN claimant END,
                    CASE WHEN claimed THEN at + {LeaseSql.Length} END,
                    at,
                    CASE WHEN claimed THEN at END,
                    traceparent
                FROM numbered
            ),
            logged AS (
                INSERT INTO conversation_events (conversation_id, seq, type, message_id, run_id, data, write_id, created_at)
                SELECT n.conversation_id, n.base + p.nth, 'message.superseded', p.id, NULL, NULL, n.write_id, n.at
                FROM replaced p
                JOIN numbered n ON n.ord = p.ord
                UNION ALL
                SELECT
                    conversation_id, base + replaced + 1, 'run.queued', NULL, run_id, jsonb_build_object('waits', NOT claimed), write_id, at
                FROM numbered
                UNION ALL
                SELECT conversation_id, base + replaced + 2, 'run.started', NULL, run_id, jsonb_build_object('attempt', 1), write_id, at
                FROM numbered
                WHERE claimed
            )
            SELECT ord, pending, claimant IS NOT NULL AND NOT busy AND NOT pending
            FROM reachable
            """;

        public override RepeatedRun Read(NpgsqlDataReader row, RepeatRun write) => new(row.GetBoolean(1), row.GetBoolean(2));

        /// <summary>How much of the lease is left is unknown: nobody holds it, and the sweeper gives the run back.</summary>
        public override RepeatedRun Recover(Changed found, RepeatRun write) => new(IsPending: false, Claimed: false);

        protected override NpgsqlBatchCommand Bind(Columns<RepeatRun> columns) => columns
            .Add(write => write.WriteId)
            .Add(write => write.ConversationId)
            .Add(write => write.Caller.Reach)
            .Add(write => write.MessageId)
            .Add(write => write.Run.Id)
            .Add(write => write.Run.Runtime)
            .Add(write => write.Run.Agent)
            .Add(write => write.Run.Claimant)
            .Add(write => write.Run.Traceparent)
            .ToCommand(Sql);
    }
}

/// <summary>The answer to <see cref="RepeatRun"/>.</summary>
/// <param name="IsPending">True where a run that answers the message is queued or active already; nothing was changed.</param>
/// <param name="Claimed">True when the claimant holds the run's lease now, with attempt 1.</param>
public sealed record RepeatedRun(bool IsPending, bool Claimed);
