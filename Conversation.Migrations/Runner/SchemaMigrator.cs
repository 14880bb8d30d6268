using FluentMigrator.Runner;
using FluentMigrator.Runner.Initialization;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Conversation.Migrations.Runner;

/// <summary>Brings a database to the schema that this version of the service reads and writes.</summary>
/// <param name="connectionString">The database, for Npgsql; it must exist.</param>
/// <param name="progress">Told one line per migration.</param>
public sealed class SchemaMigrator(string connectionString, Action<string> progress)
{
    /// <summary>Any number works as long as every version of the service uses the same.</summary>
    private const long AdvisoryLock = 0x436F6E7665727365;

    private const string VersionTableExists = """SELECT to_regclass('public."VersionInfo"') IS NOT NULL""";

    private const string AppliedVersions = """SELECT "Version" FROM public."VersionInfo" ORDER BY "Version" """;

    /// <summary>The versions this program knows, oldest first.</summary>
    public static IReadOnlyList<long> KnownVersions { get; } =
    [
        .. typeof(SchemaMigrator).Assembly.GetTypes()
            .Select(type => type.GetCustomAttributes(typeof(FluentMigrator.MigrationAttribute), inherit: false))
            .SelectMany(attributes => attributes.Cast<FluentMigrator.MigrationAttribute>())
            .Select(attribute => attribute.Version)
            .Order(),
    ];

    /// <summary>Compares the database's schema with what this version knows.</summary>
    /// <param name="token">Ends the look.</param>
    public async Task<SchemaState> InspectAsync(CancellationToken token)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(token);
        return await InspectAsync(connection, token);
    }

    /// <summary>Applies what is missing. Two that start at once take turns by an advisory lock.</summary>
    /// <param name="token">Ends the attempt between migrations.</param>
    /// <returns>How many migrations were applied.</returns>
    /// <exception cref="SchemaException">The schema is newer than this version.</exception>
    public async Task<int> UpgradeAsync(CancellationToken token)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(token);
        // Most starts have nothing to do: two reads decide that without loading the migration engine (0.4 s of a cold start).
        var state = await InspectAsync(connection, token);
        state.RefuseNewer();
        if (state.Missing is [])
        {
            return 0;
        }

        await using var locking = new NpgsqlCommand("SELECT pg_advisory_lock($1)", connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = AdvisoryLock } },
            CommandTimeout = 0,
        };
        await locking.ExecuteNonQueryAsync(token);
        var missing = (await InspectAsync(connection, token)).Missing;
        foreach (var version in missing)
        {
            token.ThrowIfCancellationRequested();
            progress($"Migrating to {version}.");
            Migrate(version);
        }

        // Closing the connection ends the session, and with it the lock.
        return missing.Count;
    }

    private static async Task<SchemaState> InspectAsync(NpgsqlConnection connection, CancellationToken token)
    {
        await using var exists = new NpgsqlCommand(VersionTableExists, connection);
        if (await exists.ExecuteScalarAsync(token) is not true)
        {
            return new SchemaState(KnownVersions, []);
        }

        var applied = new HashSet<long>();
        await using var versions = new NpgsqlCommand(AppliedVersions, connection);
        await using var reader = await versions.ExecuteReaderAsync(token);
        while (await reader.ReadAsync(token))
        {
            applied.Add(reader.GetInt64(0));
        }

        return new SchemaState(
            [.. KnownVersions.Where(version => !applied.Contains(version))],
            [.. applied.Except(KnownVersions).Order()]);
    }

    private void Migrate(long version)
    {
        using var provider = new ServiceCollection()
            .AddFluentMigratorCore()
            .ConfigureRunner(runner => runner
                .AddPostgres15_0()
                .WithGlobalConnectionString(connectionString)
                .ScanIn(typeof(SchemaMigrator).Assembly).For.Migrations())
            .Configure<RunnerOptions>(options => options.TransactionPerSession = false)
            .BuildServiceProvider(validateScopes: true);
        using var scope = provider.CreateScope();
        scope.ServiceProvider.GetRequiredService<IMigrationRunner>().MigrateUp(version);
    }
}
