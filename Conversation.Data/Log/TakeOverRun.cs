using Conversation.Data.Runs;
using Npgsql;

namespace Conversation.Data.Log;

/// <summary>
/// Takes a run whose lease has run out, to continue its answer: a new attempt of the run and of the message, which keeps what both
/// have in common.
/// </summary>
public sealed record TakeOverRun : LogWrite<TakenRun>
{
    /// <summary>Which run.</summary>
    public required Guid RunId { get; init; }

    /// <summary>The fence: the attempt whose lease has run out.</summary>
    public required int Attempt { get; init; }

    /// <summary>The node that takes it.</summary>
    public required Guid Claimant { get; init; }

    /// <summary>The answer that goes on.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>What is kept of it.</summary>
    public required string Text { get; init; }

    /// <summary>From where the runtime goes on behind that text; the row may hold a later one by now, which is for a longer text.</summary>
    public required string ResumeToken { get; init; }

    internal override LogItem<TakenRun> ToItem() => new LogItem<TakeOverRun, TakenRun>(this, Statement.Instance)
    {
        RunId = RunId,
        ConflictKey = (typeof(TakeOverRun), RunId),
    };

    private sealed class Statement : LogStatement<TakeOverRun, TakenRun>
    {
        public static Statement Instance { get; } = new();

        private const string Sql =
            """
            WITH allowed AS (
                SELECT
                    i.*,
                    c.last_seq,
                    1 AS events,
                    clock_timestamp() AS at,
                    r.attempt + 1 AS run_attempt,
                    r.traceparent,
                    m.seq AS message_seq,
                    m.attempt + 1 AS message_attempt,
                    CASE WHEN m.attempt > 1 THEN least(m.keep, i.length) ELSE i.length END AS keep
                FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::uuid[], $7::uuid[], $8::text[], $9::int[], $10::text[]) AS i(
                    ord, write_id, conversation_id, run_id, attempt, claimant, message_id, text, length, resume_token)
                JOIN LATERAL (SELECT * FROM conversations WHERE id = i.conversation_id OFFSET 0) c ON c.deleted_at IS NULL
                JOIN LATERAL (SELECT * FROM runs WHERE id = i.run_id OFFSET 0) r
                    ON r.attempt = i.attempt AND r.status = 'running' AND r.lease_until < clock_timestamp()
                JOIN messages m ON m.id = i.message_id AND m.status = 'streaming'
            ),
            """ + LogSql.TakeNumbers +
            $"""
            ,
            taken AS (
                UPDATE runs r
                SET attempt = n.run_attempt,
                    lease_owner = n.claimant,
                    lease_until = n.at + {LeaseSql.Length},
                    resume_token = n.resume_token,
                    resume_offset = n.length
                FROM numbered n
                WHERE r.id = n.run_id
            ),
            rewritten AS (
                UPDATE messages m
                SET attempt = n.message_attempt, keep = n.keep
                FROM numbered n
                WHERE m.id = n.message_id
            ),
            kept AS (
                INSERT INTO message_chunks (message_id, attempt, from_offset, text)
                SELECT message_id, message_attempt, 0, text
                FROM numbered
                WHERE text <> ''
            ),
            logged AS (
                INSERT INTO conversation_events (conversation_id, seq, type, message_id, run_id, data, write_id, created_at)
                SELECT
                    conversation_id, base + 1, 'run.started', message_id, run_id,
                    jsonb_build_object('attempt', run_attempt, 'message_attempt', message_attempt, 'keep', keep), write_id, at
                FROM numbered
            )
            SELECT ord, run_attempt, message_seq, message_attempt, keep, traceparent
            FROM numbered
            """;

        public override TakenRun Read(NpgsqlDataReader row, TakeOverRun write) =>
            new(row.GetInt32(1), row.GetInt64(2), row.GetInt32(3), row.GetInt32(4), row.IsDBNull(5) ? null : row.GetString(5));

        /// <summary>How much of the lease is left is unknown: nobody holds it, and the next sweep takes it again.</summary>
        public override TakenRun? Recover(Changed found, TakeOverRun write) => null;

        protected override NpgsqlBatchCommand Bind(Columns<TakeOverRun> columns) => columns
            .Add(write => write.WriteId)
            .Add(write => write.ConversationId)
            .Add(write => write.RunId)
            .Add(write => write.Attempt)
            .Add(write => write.Claimant)
            .Add(write => write.MessageId)
            .Add(write => write.Text)
            .Add(write => write.Text.Length)
            .Add(write => write.ResumeToken)
            .ToCommand(Sql);
    }
}

/// <summary>The answer to <see cref="TakeOverRun"/>.</summary>
/// <param name="Attempt">The fence of every later write of the run.</param>
/// <param name="MessageSeq">The seq of the event that started the message.</param>
/// <param name="MessageAttempt">The message's new attempt.</param>
/// <param name="Keep">What it has in common with all earlier ones, in UTF-16 code units.</param>
/// <param name="Traceparent">The trace of the request that asked for it, as it was stored; null for none.</param>
public sealed record TakenRun(int Attempt, long MessageSeq, int MessageAttempt, int Keep, string? Traceparent);
