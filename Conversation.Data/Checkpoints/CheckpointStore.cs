using Conversation.Data.Postgres;

namespace Conversation.Data.Checkpoints;

/// <summary>The text of answers that are still being generated, kept in pieces so that a killed producer loses at most a moment of it.</summary>
internal sealed class CheckpointStore(DbSession session)
{
    /// <summary>
    /// The lock conflicts with the UPDATE of a takeover: either the checkpoint is in before it, or the fence refuses it. Locks are taken
    /// in the order that the log takes them in. The commit waits for the disk: were a piece that counts as kept lost in a crash of the
    /// database, the next one would follow a hole.
    /// </summary>
    private const string AppendSql =
        """
        WITH fenced AS MATERIALIZED (
            SELECT i.*
            FROM (
                SELECT *
                FROM unnest(
                    @runs::uuid[], @attempts::int[], @messages::uuid[], @messageAttempts::int[], @offsets::int[], @texts::text[],
                    @resumeTokens::text[], @resumeOffsets::int[]) AS i(
                    run_id, attempt, message_id, message_attempt, from_offset, text, resume_token, resume_offset)
                ORDER BY run_id) i
            JOIN LATERAL (SELECT * FROM runs WHERE id = i.run_id AND attempt = i.attempt OFFSET 0 FOR NO KEY UPDATE) r
                ON r.status IN ('running', 'cancelling')
        ),
        resumable AS (
            UPDATE runs r
            SET resume_token = f.resume_token, resume_offset = f.resume_offset
            FROM (
                SELECT DISTINCT ON (run_id) run_id, resume_token, resume_offset
                FROM fenced
                WHERE resume_token IS NOT NULL
                ORDER BY run_id, resume_offset DESC) f
            WHERE r.id = f.run_id
        )
        INSERT INTO message_chunks (message_id, attempt, from_offset, text)
        SELECT message_id, message_attempt, from_offset, text
        FROM fenced
        WHERE text <> ''
        ON CONFLICT DO NOTHING
        """;

    private const string ReadSql =
        """
        SELECT k.message_id AS MessageId, k.attempt AS Attempt, k.from_offset AS FromOffset, k.text AS Text
        FROM unnest(@messages::uuid[], @offsets::int[]) AS w(message_id, from_offset)
        JOIN messages m ON m.id = w.message_id AND m.status = 'streaming'
        CROSS JOIN LATERAL (
            SELECT *
            FROM message_chunks
            WHERE message_id = m.id AND attempt = m.attempt AND from_offset >= w.from_offset
            OFFSET 0) k
        ORDER BY k.message_id, k.from_offset
        """;

    /// <summary>Appends a batch; pieces of runs that are no longer ours are left out in silence, as the fence wants it.</summary>
    public Task AppendAsServiceAsync(IReadOnlyCollection<Checkpoint> batch, CancellationToken token) => session.ExecuteAsync(
        AppendSql,
        new
        {
            runs = batch.Select(piece => piece.RunId).ToArray(),
            attempts = batch.Select(piece => piece.RunAttempt).ToArray(),
            messages = batch.Select(piece => piece.MessageId).ToArray(),
            messageAttempts = batch.Select(piece => piece.MessageAttempt).ToArray(),
            offsets = batch.Select(piece => piece.FromOffset).ToArray(),
            texts = batch.Select(piece => piece.Text).ToArray(),
            resumeTokens = batch.Select(piece => piece.ResumeToken).ToArray(),
            resumeOffsets = batch.Select(piece => piece.ResumeOffset).ToArray(),
        },
        token);

    /// <summary>The pieces of streaming messages from an offset on.</summary>
    public Task<IReadOnlyList<StoredChunk>> ReadAsServiceAsync(Guid[] messages, int[] offsets, CancellationToken token) =>
        session.ListAsync<StoredChunk>(ReadSql, new { messages, offsets }, token);
}

/// <summary>A piece of text to keep, with the fence of its run; and, where the runtime has named a new one, from where it could go on.</summary>
internal sealed record Checkpoint(
    Guid RunId,
    int RunAttempt,
    Guid MessageId,
    int MessageAttempt,
    int FromOffset,
    string Text,
    string? ResumeToken,
    int ResumeOffset);

internal sealed record StoredChunk(Guid MessageId, int Attempt, int FromOffset, string Text);
