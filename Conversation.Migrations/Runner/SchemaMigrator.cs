using Npgsql;

namespace Conversation.Migrations.Runner;

/// <summary>Brings a database to the schema that this version of the service reads and writes, and back.</summary>
/// <param name="connectionString">The database, for Npgsql; it must exist.</param>
/// <param name="progress">Told one line per migration.</param>
public sealed class SchemaMigrator(string connectionString, Action<string> progress)
{
    /// <summary>Any number works as long as every version of the service uses the same.</summary>
    private const long AdvisoryLock = 0x436F6E7665727365;

    /// <summary>Between two tries for a table that somebody uses: a dump may take hours.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>The versions this program knows, oldest first.</summary>
    public static IReadOnlyList<long> KnownVersions { get; } = [.. MigrationCatalog.All.Select(migration => migration.Version)];

    /// <summary>Compares the database's schema with what this version knows.</summary>
    /// <param name="token">Ends the look.</param>
    public async Task<SchemaState> InspectAsync(CancellationToken token)
    {
        await using var connection = await OpenAsync(token);
        return await InspectAsync(connection, token);
    }

    /// <summary>Applies what is missing. Two that start at once take turns by an advisory lock.</summary>
    /// <param name="token">Ends the attempt between migrations.</param>
    /// <returns>How many migrations were applied.</returns>
    /// <exception cref="SchemaException">The schema is newer than this version.</exception>
    public async Task<int> UpgradeAsync(CancellationToken token)
    {
        await using var connection = await OpenAsync(token);
        // Most starts have nothing to do: two reads decide that without loading the migration engine (0.4 s of a cold start).
        var state = await InspectAsync(connection, token);
        state.RefuseNewer();
        if (state.Missing is [])
        {
            return 0;
        }

        await LockAsync(connection, token);
        // Whoever held the lock may have been a newer version.
        var locked = await InspectAsync(connection, token);
        locked.RefuseNewer();
        var missing = locked.Missing;
        foreach (var (index, version) in missing.Index())
        {
            token.ThrowIfCancellationRequested();
            progress($"Migrating to {version} {MigrationCatalog.NameOf(version)} ({index + 1} of {missing.Count}).");
            await RunAsync(version, engine => engine.Runner.MigrateUp(version), token);
        }

        return missing.Count;
    }

    private static async Task<SchemaState> InspectAsync(NpgsqlConnection connection, CancellationToken token)
    {
        var applied = await AppliedMigrations.ReadAsync(connection, token);
        return new SchemaState([.. KnownVersions.Except(applied)], [.. applied.Except(KnownVersions)]);
    }

    /// <summary>Undoes the migrations that were applied last.</summary>
    /// <param name="steps">How many, at least 1.</param>
    /// <param name="token">Ends the attempt between migrations.</param>
    /// <exception cref="MigrationException">Fewer are applied, or one of them is not known to this program; nothing was undone.</exception>
    public async Task DowngradeAsync(int steps, CancellationToken token)
    {
        await using var connection = await OpenAsync(token);
        await LockAsync(connection, token);
        var applied = await AppliedMigrations.ReadAsync(connection, token);
        if (steps > applied.Count)
        {
            throw new MigrationException($"Only {applied.Count} migrations are applied; {steps} cannot be undone.");
        }

        var undone = applied.Reverse().Take(steps).ToList();
        if (undone.Except(KnownVersions).ToList() is { Count: > 0 } unknown)
        {
            throw new MigrationException($"Migration {unknown[0]} was applied by another version of the service: undo it with that one.");
        }

        foreach (var (index, version) in undone.Index())
        {
            token.ThrowIfCancellationRequested();
            progress($"Undoing {version} {MigrationCatalog.NameOf(version)} ({index + 1} of {undone.Count}).");
            await RunAsync(version, engine => engine.Runner.MigrateDown(version - 1), token);
        }
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken token)
    {
        // Not pooled: closing it must end the session, and with it the lock.
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        try
        {
            await connection.OpenAsync(token);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task LockAsync(NpgsqlConnection connection, CancellationToken token)
    {
        await using var attempt = Locking("SELECT pg_try_advisory_lock($1)", connection);
        if (await attempt.ExecuteScalarAsync(token) is true)
        {
            return;
        }

        progress("Another process migrates this database: waiting for it.");
        await using var waiting = Locking("SELECT pg_advisory_lock($1)", connection);
        await waiting.ExecuteNonQueryAsync(token);
    }

    private static NpgsqlCommand Locking(string sql, NpgsqlConnection connection) =>
#pragma warning disable CA2100 // Two constants, above.
        new(sql, connection)
#pragma warning restore CA2100
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = AdvisoryLock } },
            CommandTimeout = 0,
        };

    /// <summary>
    /// What waits for a table's lock has everybody wait behind it who comes after. So it waits for a moment only, is rolled back, and tries
    /// again: the service goes on beside a long dump.
    /// </summary>
    private async Task RunAsync(long version, Action<MigrationEngine> act, CancellationToken token)
    {
        for (var attempt = 1; !TryRun(version, act); attempt++)
        {
            if (attempt == 1)
            {
                progress("Another transaction uses the table, perhaps a dump: waiting for it, without holding up anybody else.");
            }

            await Task.Delay(Pause, TimeProvider.System, token);
        }
    }

    /// <returns>False where the lock of a table was not to be had.</returns>
    private bool TryRun(long version, Action<MigrationEngine> act)
    {
        try
        {
            using var engine = new MigrationEngine(connectionString);
            act(engine);
            return true;
        }
        catch (Exception error) when (error.GetBaseException() is PostgresException cause && MigrationSqlStates.IsLockTimeout(cause))
        {
            return false;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // The engine wraps what the server said, and adds the statement, which says more than the operator needs.
            throw new MigrationException($"Migration {version} failed and was rolled back: {error.GetBaseException().Message}", error);
        }
    }
}
