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

    private NpgsqlConnection _connection = null!;

    private static IEnumerable<TestCaseData> Statements() => typeof(DataRegistration).Assembly.GetTypes()
        .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
            .Where(field => field.IsLiteral && field.Name.EndsWith("Sql", StringComparison.Ordinal))
            .Select(field => new TestCaseData((string)field.GetRawConstantValue()!)
                .SetArgDisplayNames($"{type.DeclaringType?.Name ?? type.Name}.{field.Name}")));

    [OneTimeSetUp]
    public async Task FillAsync()
    {
        _connection = new NpgsqlConnection(await TestPostgres.NewDatabaseAsync());
        await _connection.OpenAsync();
        await ExecuteAsync(Fill);
        await ExecuteAsync(DataRegistration.SessionSql);
    }

    [OneTimeTearDown]
    public async Task CloseAsync() => await _connection.DisposeAsync();

    [TestCaseSource(nameof(Statements))]
    public async Task Plan_OnAHundredThousandMessages_ScansNoTable(string sql)
    {
        var numbered = Numbered(sql, out var parameters);
        await ExecuteAsync($"PREPARE statement AS {numbered}");
        try
        {
            var arguments = parameters == 0 ? "" : $"({string.Join(", ", Enumerable.Repeat("NULL", parameters))})";
            var plan = await PlanAsync($"EXPLAIN EXECUTE statement{arguments}");
            Assert.That(plan, Does.Not.Contain("Seq Scan"));
        }
        finally
        {
            await ExecuteAsync("DEALLOCATE statement");
        }
    }

    [Test]
    public async Task Plan_WithoutItsIndex_IsCaught()
    {
        var plan = await PlanAsync("EXPLAIN SELECT id FROM messages WHERE content = 'x'");
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

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync(Patience.Token);
    }

    private async Task<string> PlanAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
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

    [GeneratedRegex(@"\$(\d+)")]
    private static partial Regex NumberedParameter();
}
