using Conversation.Data.Postgres;
using Conversation.Migrations.Runner;
using Npgsql;

namespace Conversation.Migrations.Verification;

/// <summary>
/// Looks whether a database is what this version of the service needs. What it should be is not written down a second time: the
/// migrations are run into a schema of their own beside the tables, compared with them, and removed again.
/// </summary>
/// <param name="connectionString">The database, for Npgsql.</param>
internal sealed class SchemaVerifier(string connectionString)
{
    private const string Public = "public";

    /// <summary>Any number works, as long as it is not the migrations' own.</summary>
    private const long AdvisoryLock = 0x436F6E7665726966;

    private const string LeftoversQuery =
        "SELECT nspname FROM pg_namespace WHERE nspname ~ '^verify_[0-9a-f]{32}$' AND pg_has_role(nspowner, 'USAGE')";

    /// <summary>What is wrong, a sentence each; nothing where all is well.</summary>
    /// <param name="report">Told head and current version.</param>
    /// <param name="token">Ends the look.</param>
    public async Task<IReadOnlyList<string>> VerifyAsync(Action<string> report, CancellationToken token)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(token);
        var faults = new List<string>();
        await using var encoding = new NpgsqlCommand("SHOW server_encoding", connection);
        if (await encoding.ExecuteScalarAsync(token) is not "UTF8" and var other)
        {
            faults.Add($"The database stores texts as {other}; it should be UTF8, which recreate makes it.");
        }

        var applied = await AppliedMigrations.ReadAsync(connection, token);
        var known = SchemaMigrator.KnownVersions;
        report($"Head:    {known[^1]} {MigrationCatalog.NameOf(known[^1])}");
        report(applied.Count == 0 ? "Current: none" : $"Current: {applied[^1]} {MigrationCatalog.NameOf(applied[^1])}");
        faults.AddRange(known.Except(applied).Select(
            version => $"Migration {version} {MigrationCatalog.NameOf(version)} is not applied: run upgrade."));
        faults.AddRange(applied.Except(known).Select(
            version => $"Migration {version} is applied, but not known here: another version of the service made it."));
        if (applied.Count == 0)
        {
            return faults;
        }

        var expected = await ExpectedAsync(connection, token);
        var actual = await SchemaCatalog.ReadAsync(connection, Public, token);
        faults.AddRange(Compare("Column", expected.Columns, actual.Columns));
        faults.AddRange(Compare("Index", expected.Indexes, actual.Indexes));
        faults.AddRange(Compare("Constraint", expected.Constraints, actual.Constraints));
        faults.AddRange(Unfillable(expected, actual));
        faults.AddRange(await StatementCheck.RunAsync(connection, token));
        return faults;
    }

    private static IEnumerable<string> Compare(
        string what, IReadOnlyDictionary<string, string> expected, IReadOnlyDictionary<string, string> actual)
    {
        foreach (var (name, definition) in expected.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (!actual.TryGetValue(name, out var found))
            {
                yield return $"{what} {name} is missing ({definition}).";
            }
            else if (found != definition)
            {
                yield return $"{what} {name} is {found}; it should be {definition}.";
            }
        }
    }

    /// <summary>What others added does not matter, unless nothing can be stored any more because of it.</summary>
    private static IEnumerable<string> Unfillable(SchemaCatalog expected, SchemaCatalog actual)
    {
        var tables = expected.Columns.Keys.Select(TableOf).ToHashSet();
        return actual.Columns
            .Where(column => !expected.Columns.ContainsKey(column.Key) && tables.Contains(TableOf(column.Key)))
            .Where(column => column.Value.EndsWith(" NOT NULL", StringComparison.Ordinal))
            .Select(column => $"Column {column.Key} is not known here, has no default and must be filled: nothing can be stored.");
    }

    private static string TableOf(string column) => column[..column.IndexOf('.', StringComparison.Ordinal)];

    private async Task<SchemaCatalog> ExpectedAsync(NpgsqlConnection connection, CancellationToken token)
    {
        await ClearAsync(connection, token);
        var schema = $"verify_{Ids.New():N}";
        await ExecuteAsync($"CREATE SCHEMA {schema}", connection);
        try
        {
            using (var engine = new MigrationEngine(connectionString, schema))
            {
                engine.Runner.MigrateUp();
            }

            return await SchemaCatalog.ReadAsync(connection, schema, token);
        }
        catch (Exception error) when (error is not (OperationCanceledException or NpgsqlException))
        {
            throw new MigrationException($"The migrations cannot be run for comparison: {error.GetBaseException().Message}", error);
        }
        finally
        {
            try
            {
                await ExecuteAsync($"DROP SCHEMA {schema} CASCADE", connection);
            }
            catch (Exception error) when (error is NpgsqlException or InvalidOperationException)
            {
                // What happened before counts more; the next look removes it.
            }
        }
    }

    /// <summary>Removes what looks that were killed left behind. One look at a time, until the connection ends, so that none is under way.</summary>
    private static async Task ClearAsync(NpgsqlConnection connection, CancellationToken token)
    {
        await using var turn = new NpgsqlCommand("SELECT pg_advisory_lock($1)", connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = AdvisoryLock } },
            CommandTimeout = 0,
        };
        await turn.ExecuteNonQueryAsync(token);
        var left = new List<string>();
        await using (var find = new NpgsqlCommand(LeftoversQuery, connection))
        await using (var reader = await find.ExecuteReaderAsync(token))
        {
            while (await reader.ReadAsync(token))
            {
                left.Add(reader.GetString(0));
            }
        }

        foreach (var schema in left)
        {
            await ExecuteAsync($"DROP SCHEMA {schema} CASCADE", connection);
        }
    }

    private static async Task ExecuteAsync(string sql, NpgsqlConnection connection)
    {
#pragma warning disable CA2100 // The names are numbers made here.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        // Not ended by the token: what was made is removed.
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
