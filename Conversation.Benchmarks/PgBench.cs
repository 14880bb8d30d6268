using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;
using Conversation.Data;
using Conversation.Data.EmbeddedPostgres;
using Npgsql;

namespace Conversation.Benchmarks;

/// <summary>
/// The database's own yardstick: what the log writes for a message, one statement and one commit each, by PostgreSQL's own driver on as
/// many connections, each with a conversation of its own and the service's settings of a session. Measured where pgbench is installed.
/// </summary>
internal static partial class PgBench
{
    public const string Name = "pgbench, one statement a message";
    private const int Conversations = 32;

    private const string Schema =
        """
        INSERT INTO conversations (id, status, on_busy, last_seq, created_at, updated_at)
        SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'pending', 'enqueue', 0, now(), now()
        FROM generate_series(1, 32) n
        ON CONFLICT DO NOTHING
        """;

    private const string Script =
        """
        \set n :client_id + 1
        WITH moved AS (
            UPDATE conversations SET last_seq = last_seq + 1, updated_at = clock_timestamp()
            WHERE id = ('00000000-0000-4000-8000-' || lpad((:n)::text, 12, '0'))::uuid AND deleted_at IS NULL
            RETURNING id, last_seq, updated_at
        ),
        stored AS (
            INSERT INTO messages (id, conversation_id, seq, role, content, status, attempt, created_at, updated_at)
            SELECT gen_random_uuid(), id, last_seq, 'user', repeat('plain text ', 10), 'stored', 1, updated_at, updated_at
            FROM moved
            RETURNING id, conversation_id, seq, created_at
        )
        INSERT INTO conversation_events (conversation_id, seq, type, message_id, write_id, created_at)
        SELECT conversation_id, seq, 'message.created', id, id, created_at
        FROM stored
        RETURNING seq;
        """;

    public static async Task RunAsync(Bench bench)
    {
        await using (var source = NpgsqlDataSource.Create(bench.ConnectionString))
        await using (var schema = source.CreateCommand(Schema))
        {
            await schema.ExecuteNonQueryAsync();
        }

        var script = Path.GetTempFileName();
        await File.WriteAllTextAsync(script, Script);
        var server = new NpgsqlConnectionStringBuilder(bench.ConnectionString);
        var settings = string.Join(' ', Setting().Matches(DataRegistration.SessionSql).Select(one => $"-c {one.Groups[1]}={one.Groups[2]}"));
        string[] Arguments(TimeSpan duration) =>
        [
            "-n", "-M", "prepared", "-c", $"{Conversations}", "-j", "2", "-f", script,
            "-T", duration.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture),
            $"host={server.Host} port={server.Port} user={server.Username} password={server.Password} dbname={server.Database} options='{settings}'",
        ];
        try
        {
            // The same as everybody's warm-up.
            await ChildProcess.RunAsync(Program(), Arguments(bench.WarmUp), CancellationToken.None);
            var before = new CpuMeter([], bench.Postmaster).Read().Postgres;
            var outcome = await ChildProcess.RunAsync(Program(), Arguments(bench.Duration), CancellationToken.None);
            var cpu = new CpuMeter([], bench.Postmaster).Read().Postgres - before;
            if (!Rate().IsMatch(outcome.Output))
            {
                throw new InvalidOperationException(outcome.Text);
            }

            var rate = Number(Rate(), outcome.Output);
            bench.Note(new Reading(PostLoad.What, Name, "rate", rate, "a second"));
            bench.Note(new Reading(PostLoad.What, Name, "mean latency", Number(Latency(), outcome.Output), "ms"));
            bench.Note(new Reading(PostLoad.What, Name, "CPU of PostgreSQL", cpu * 1_000_000 / Number(Count(), outcome.Output), "us"));
        }
        catch (Win32Exception)
        {
            await Console.Error.WriteLineAsync("pgbench is not installed; the database's own yardstick is left out.");
        }
        finally
        {
            File.Delete(script);
        }
    }

    private static string Program() =>
        PostgresBinaries.UsualFolders().Select(folder => Path.Combine(folder, "pgbench")).FirstOrDefault(File.Exists) ?? "pgbench";

    private static double Number(Regex pattern, string text) =>
        double.Parse(pattern.Match(text).Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"set_config\('(\w+)', '(\w+)'")]
    private static partial Regex Setting();

    [GeneratedRegex(@"tps = ([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"latency average = ([\d.]+) ms")]
    private static partial Regex Latency();

    [GeneratedRegex(@"transactions actually processed: (\d+)")]
    private static partial Regex Count();
}
