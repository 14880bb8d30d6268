using System.Reflection;
using System.Text.RegularExpressions;
using Conversation.Data;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Schema;

/// <summary>Every statement of the service against the migrated schema: it is valid, and it finds its rows by an index.</summary>
[TestFixture]
internal sealed partial class StatementTests
{
    /// <summary>100,000 messages, each with its events, and half of them with a run, in 5,000 conversations.</summary>
    private const string Fill =
        """
        INSERT INTO conversations (id, owner_id, status, on_busy, last_seq, created_at, updated_at)
        SELECT gen_random_uuid(), gen_random_uuid(), 'pending', 'enqueue', 40, now(), now() - n * interval '1 second'
        FROM generate_series(1, 5000) n;
        INSERT INTO messages (id, conversation_id, seq, role, content, status, attempt, created_at, updated_at)
        SELECT gen_random_uuid(), c.id, n, 'user', 'text', 'stored', 1, now(), now()
        FROM conversations c, generate_series(1, 20) n;
        INSERT INTO runs (id, conversation_id, seq, trigger_message_id, runtime, status, attempt, queued_at)
        SELECT gen_random_uuid(), conversation_id, seq, id, 'simulated', 'completed', 1, now()
        FROM messages WHERE seq <= 10;
        INSERT INTO conversation_events (conversation_id, seq, type, message_id, write_id, created_at)
        SELECT conversation_id, seq, 'message.created', id, gen_random_uuid(), now()
        FROM messages;
        INSERT INTO idempotency_keys (conversation_id, principal, key, request_hash, message_id, seq, created_at)
        SELECT conversation_id, 'user', seq::text, '', id, seq, now()
        FROM messages WHERE seq <= 5;
        INSERT INTO message_chunks (message_id, attempt, from_offset, text)
        SELECT id, 1, 0, 'text' FROM messages WHERE seq <= 3;
        ANALYZE;
        """;

    /// <summary>
    /// What is asked of the queue itself, as far as a limit, and what a node asks once in seconds, or once for an agent's first run.
    /// </summary>
    private static readonly Dictionary<string, string[]> MayReadWhole = new()
    {
        ["RunRepository.CandidatesSql"] = ["ix_runs_waiting"],
        ["RunRepository.QueuedSql"] = ["ix_runs_queued"],
        ["RunRepository.RenewSql"] = ["ix_runs_lease", "ux_runs_active"],
        ["RunRepository.ReleaseSql"] = ["ux_runs_active"],
        ["RunRepository.BindAgentSql"] = ["ux_runs_active"],
    };

    private NpgsqlConnection _connection = null!;
    private NpgsqlConnection _empty = null!;
    private NpgsqlConnection _emptied = null!;

    private static IEnumerable<TestCaseData> Statements() => typeof(DataRegistration).Assembly.GetTypes()
        .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
            .Where(field => field.IsLiteral && field.Name.EndsWith("Sql", StringComparison.Ordinal))
            .Select(field => new TestCaseData((string)field.GetRawConstantValue()!)
                .SetArgDisplayNames($"{type.DeclaringType?.Name ?? type.Name}.{field.Name}")));

    /// <summary>Without those of the housekeeping, which looks at all there is, once in a while.</summary>
    private static IEnumerable<TestCaseData> StatementsOfRequests() => Statements()
        .Select(statement => (Name: statement.ArgDisplayNames![0], Sql: statement.Arguments[0]))
        .Where(statement => !statement.Name.StartsWith("Housekeeping", StringComparison.Ordinal))
        .Select(statement => new TestCaseData(statement.Name, statement.Sql).SetArgDisplayNames(statement.Name));

    [OneTimeSetUp]
    public async Task FillAsync()
    {
        _connection = new NpgsqlConnection(await TestPostgres.NewDatabaseAsync());
        await _connection.OpenAsync();
        await ExecuteAsync(_connection, Fill);
        await ExecuteAsync(_connection, DataRegistration.SessionSql);
        _empty = new NpgsqlConnection(await TestPostgres.NewDatabaseAsync());
        await _empty.OpenAsync();
        await ExecuteAsync(_empty, DataRegistration.SessionSql);
        _emptied = new NpgsqlConnection(await TestPostgres.NewDatabaseAsync());
        await _emptied.OpenAsync();
        await ExecuteAsync(_emptied, Fill);
        await ExecuteAsync(_emptied, "DELETE FROM message_chunks; DELETE FROM idempotency_keys");
        await ExecuteAsync(_emptied, "VACUUM ANALYZE");
        await ExecuteAsync(_emptied, DataRegistration.SessionSql);
    }

    [OneTimeTearDown]
    public async Task CloseAsync()
    {
        await _connection.DisposeAsync();
        await _empty.DisposeAsync();
        await _emptied.DisposeAsync();
    }

    [TestCaseSource(nameof(Statements))]
    public async Task Plan_OnAHundredThousandMessages_ScansNoTable(string sql)
    {
        Assert.That(await PlanOfAsync(_connection, sql), Does.Not.Contain("Seq Scan"));
    }

    /// <summary>
    /// A plan is kept until the tables are analyzed, in a new database for a minute, while it may take in hundreds of thousands of rows;
    /// and what fills and empties again, pieces of text, keys, runs that wait or are active, looks empty to most plans.
    /// </summary>
    [TestCaseSource(nameof(StatementsOfRequests))]
    public async Task Plan_OnNewTablesAsOnFullOnes_ReadsNoneWhole(string name, string sql)
    {
        foreach (var connection in new[] { _empty, _emptied, _connection })
        {
            var plan = await PlanOfAsync(connection, sql);
            Assert.That(plan, Does.Not.Contain("Seq Scan"));
            var whole = WholeIndex().Matches(plan).Select(match => match.Groups["index"].Value).Distinct();
            Assert.That(whole, Is.SubsetOf(MayReadWhole.GetValueOrDefault(name, [])));
        }
    }

    /// <summary>A node renews thousands of leases at once: compared with each of those that it got, 1,000 took 0.2 s, and checkpoints waited for it.</summary>
    [Test]
    public async Task Plan_OfRenewal_LooksUpByHashWhatItRenewed()
    {
        var sql = Statements().Single(statement => statement.ArgDisplayNames![0] == "RunRepository.RenewSql").Arguments[0];
        foreach (var connection in new[] { _empty, _emptied, _connection })
        {
            Assert.That(await PlanOfAsync(connection, (string)sql!, "EXPLAIN VERBOSE"), Does.Contain("(hashed SubPlan"));
        }
    }

    [Test]
    public async Task Plan_WithoutItsIndex_IsCaught()
    {
        var plan = await PlanAsync(_connection, "EXPLAIN SELECT id FROM messages WHERE content = 'x'");
        Assert.That(plan, Does.Contain("Seq Scan"));
    }

    [Test]
    public void Statements_AreFound() => Assert.That(Statements().Count(), Is.GreaterThan(15));

    /// <summary>Named parameters as PREPARE wants them.</summary>
    private static string Numbered(string sql, out int count)
    {
        var names = new List<string>();
        var numbered = NamedParameter().Replace(sql, match =>
        {
            if (!names.Contains(match.Value))
            {
                names.Add(match.Value);
            }

            return $"${names.IndexOf(match.Value) + 1}";
        });
        count = names.Count > 0
            ? names.Count
            : NumberedParameter().Matches(sql).Select(match => int.Parse(match.Groups[1].ValueSpan)).DefaultIfEmpty(0).Max();
        return numbered;
    }

    private static async Task<string> PlanOfAsync(NpgsqlConnection connection, string sql, string explain = "EXPLAIN")
    {
        var numbered = Numbered(sql, out var parameters);
        await ExecuteAsync(connection, $"PREPARE statement AS {numbered}");
        try
        {
            var arguments = parameters == 0 ? "" : $"({string.Join(", ", Enumerable.Repeat("NULL", parameters))})";
            return await PlanAsync(connection, $"{explain} EXECUTE statement{arguments}");
        }
        finally
        {
            await ExecuteAsync(connection, "DEALLOCATE statement");
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Patience.Token);
    }

    private static async Task<string> PlanAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Patience.Token);
        var plan = "";
        while (await reader.ReadAsync())
        {
            plan += reader.GetString(0) + "\n";
        }

        return plan;
    }

    [GeneratedRegex(@"(?<![@:\w])@\w+")]
    private static partial Regex NamedParameter();

    /// <summary>An index that is read from end to end: no condition follows it.</summary>
    [GeneratedRegex(@"Index (Only )?Scan (Backward )?using (?<index>\w+) on [^\n]*\n(?!\s*Index Cond)")]
    private static partial Regex WholeIndex();

    [GeneratedRegex(@"\$(\d+)")]
    private static partial Regex NumberedParameter();
}
