using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Faults;

/// <summary>Compares what everybody was told with what is stored, to the last character and number.</summary>
internal sealed class FaultVerdict(FaultPlan plan, IReadOnlyList<FaultMember> members, string connectionString, Beat beat)
{
    private const string Messages =
        """
        SELECT m.id, m.role, m.status, m.content, m.run_id, r.status
        FROM messages m
        LEFT JOIN runs r ON r.id = m.run_id AND m.role = 'assistant'
        WHERE m.conversation_id = $1
        """;

    private const string Unended =
        """
        SELECT
            (SELECT count(*) FROM runs WHERE conversation_id = ANY($1) AND status NOT IN ('completed', 'failed', 'cancelled'))
            + (SELECT count(*) FROM messages WHERE conversation_id = ANY($1) AND status = 'streaming')
        """;

    private const string WrongRows =
        """
        SELECT
            (SELECT count(*)
             FROM conversations c
             CROSS JOIN LATERAL (
                 SELECT count(*) AS events, min(seq) AS first, max(seq) AS last FROM conversation_events e WHERE e.conversation_id = c.id) e
             WHERE c.id = ANY($1) AND (e.first <> 1 OR e.last <> e.events OR c.last_seq <> e.last))
            + (SELECT count(*)
               FROM message_chunks k
               JOIN messages m ON m.id = k.message_id
               WHERE m.conversation_id = ANY($1) AND m.status <> 'streaming')
        """;

    /// <summary>What became of the questions that have no answer, by the state of their run.</summary>
    private const string Unanswered =
        """
        SELECT coalesce(r.status, 'none'), coalesce(r.error_code, '') || ' ' || coalesce(r.error_detail, '') || ' after ' || coalesce((r.finished_at - r.started_at)::text, '')
        FROM messages u
        LEFT JOIN runs r ON r.trigger_message_id = u.id
        WHERE u.conversation_id = $1
            AND u.role = 'user'
            AND NOT EXISTS (SELECT FROM messages m WHERE m.run_id = r.id AND m.role = 'assistant')
        """;

    /// <summary>What tells the truth about a run that lost its node.</summary>
    private const string Truths =
        """
        SELECT conversation_id, seq, type
        FROM conversation_events
        WHERE conversation_id = ANY($1)
            AND ((type = 'run.started' AND (data ->> 'attempt')::int > 1) OR type IN ('message.interrupted', 'run.failed'))
        """;

    private readonly List<string> _wrong = [];
    private int _wrongMessages;
    private int _completed;
    private int _interrupted;
    private long _wrongCharacters;
    private long _chunks;

    public async Task<FaultRow> JudgeAsync(IReadOnlyList<(TimeSpan From, TimeSpan To)> faults, TimeSpan elapsed)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        Guid[] conversations = [.. members.Select(member => member.ConversationId)];
        foreach (var member in members)
        {
            Judge(member, await ReadAsync(source, Messages, member.ConversationId));
            JudgeUnanswered(member, await ReadAsync(source, Unanswered, member.ConversationId));
        }

        var unended = (int)(long)(await ReadAsync(source, Unended, conversations))[0][0];
        var wrongRows = (int)(long)(await ReadAsync(source, WrongRows, conversations))[0][0];
        Expect(unended == 0, $"{unended} runs or answers have no end.");
        Expect(wrongRows == 0, $"{wrongRows} logs are not dense, or checkpoints were left behind.");
        var truths = await ReadAsync(source, Truths, conversations);
        var waits = plan.Told is null ? [] : Told(truths, faults);
        TimeSpan? told = waits.Count == 0 ? null : waits.Max(wait => wait.Took);
        Expect(told is not null || plan.Told is null, "No run was hit: the row proves nothing.");
        foreach (var (took, stall) in waits.Where(wait => wait.Took - wait.Stall >= plan.Told))
        {
            Expect(false, $"A follower was told only after {took}, of which this machine stood still for {stall}.");
        }

        // A conversation has one run at a time, so that a fault breaks off one answer of each at most.
        var most = faults.Count * members.Count(member => !FaultPlan.Resumes(member.Number));
        Expect(plan.Ending != Ending.PlainMayBreak || _interrupted <= most, $"{_interrupted} answers were broken off, where {most} could be hit.");
        var row = new FaultRow(plan.Row, plan.Form)
        {
            Faults = faults.Count,
            Hit = plan.Told is null ? null : truths.Count,
            Chunks = _chunks,
            Followers = members.Sum(member => member.Followers.Length + 1),
            Acknowledged = members.Sum(member => member.Talker.Acknowledged.Count),
            Refused = members.Sum(member => member.Talker.Refused),
            Completed = _completed,
            Interrupted = _interrupted,
            WrongCharacters = _wrongCharacters,
            WrongMessages = _wrongMessages,
            Unended = unended,
            WrongRows = wrongRows,
            ToldAfter = told?.TotalSeconds,
            Seconds = elapsed.TotalSeconds,
            Passed = _wrong.Count == 0,
            Wrong = _wrong,
        };
        await row.WriteAsync();
        return row;
    }

    private void Judge(FaultMember member, IReadOnlyList<object[]> stored)
    {
        var said = stored.Where(row => (string)row[1] != "assistant").ToDictionary(row => (Guid)row[0]);
        var missing = member.Talker.Acknowledged.Count(sent => !said.TryGetValue(sent.Value, out var row) || (string)row[3] != sent.Key);
        _wrongMessages += missing + Math.Abs(said.Count - member.Talker.Acknowledged.Count);
        Expect(missing == 0, $"{missing} acknowledged messages are not stored.");
        Expect(said.Count == member.Talker.Acknowledged.Count, $"{said.Count} messages stored, {member.Talker.Acknowledged.Count} sent.");

        var answers = stored.Where(row => (string)row[1] == "assistant").ToList();
        Expect(answers.Select(row => row[4]).Distinct().Count() == answers.Count, "A run has two answers.");
        foreach (var answer in answers)
        {
            JudgeAnswer(member, (string)answer[2], (string)answer[3], (string)answer[5]);
        }

        foreach (var follower in member.Followers)
        {
            Expect(follower.Reader.Messages.Count == stored.Count, $"A follower has {follower.Reader.Messages.Count} messages of {stored.Count}.");
            _wrongCharacters += stored.Sum(row => Differences(follower.Reader.TextOf(row[0].ToString()!), (string)row[3]));
        }

        Expect(_wrongCharacters == 0, $"{_wrongCharacters} characters of followers differ from the store.");
        Expect(member.Legacy.Fault is null, member.Legacy.Fault ?? "");
        Expect(member.Legacy.Answers > 0, "A legacy client saw no answer to its end.");
    }

    /// <summary>A run that was hit before its first word ends without an answer, where answers may break off.</summary>
    private void JudgeUnanswered(FaultMember member, IReadOnlyList<object[]> unanswered)
    {
        var mayBreak = plan.Ending == Ending.PlainMayBreak && !FaultPlan.Resumes(member.Number);
        foreach (var row in unanswered)
        {
            _interrupted++;
            Expect(mayBreak && (string)row[0] == "failed", $"A question has no answer; its run: {row[0]}, {row[1]}.");
        }
    }

    private void JudgeAnswer(FaultMember member, string status, string content, string run)
    {
        _chunks += content.Length / plan.Text.Length * plan.Pieces + content.Length % plan.Text.Length / (plan.Text.Length / plan.Pieces);
        var whole = status == "completed" && run == "completed" && content == plan.Text;
        var broken = status == "interrupted" && run == "failed" && plan.Text.StartsWith(content, StringComparison.Ordinal);
        _completed += whole ? 1 : 0;
        _interrupted += broken ? 1 : 0;
        Expect(
            plan.Ending switch
            {
                Ending.Whole => whole,
                Ending.PlainMayBreak => whole || (broken && !FaultPlan.Resumes(member.Number)),
                _ => broken && content == plan.Text,
            },
            $"An answer ended as {status}, its run as {run}, with {content.Length} of {plan.Text.Length} characters.");
    }

    /// <summary>How long each follower waited for each truth, and for how long of that this machine stood still.</summary>
    private List<(TimeSpan Took, TimeSpan Stall)> Told(IReadOnlyList<object[]> truths, IReadOnlyList<(TimeSpan From, TimeSpan To)> faults)
    {
        var followers = members.ToDictionary(member => member.ConversationId, member => member.Followers);
        return [.. truths
            .SelectMany(truth => followers[(Guid)truth[0]].Select(follower => follower.Times.GetValueOrDefault(((string)truth[2], (long)truth[1]))))
            .Where(at => at > faults[0].From)
            .Select(at => (At: at, Fault: faults.Last(fault => fault.From < at)))
            .Select(truth => (truth.At, From: plan.NobodyLives ? truth.Fault.To : truth.Fault.From))
            .Select(truth => (truth.At - truth.From, beat.LongestStall(truth.From, truth.At)))];
    }

    private void Expect(bool holds, string complaint)
    {
        if (!holds)
        {
            _wrong.Add(complaint);
        }
    }

    private static long Differences(string shown, string stored) =>
        Math.Max(shown.Length, stored.Length) - shown.AsSpan().CommonPrefixLength(stored);

    private static async Task<IReadOnlyList<object[]>> ReadAsync<T>(NpgsqlDataSource source, string sql, T parameter)
    {
        await using var command = source.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = parameter });
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<object[]>();
        while (await reader.ReadAsync())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }

        return rows;
    }
}
