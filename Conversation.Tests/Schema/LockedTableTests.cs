using Conversation.Migrations.Runner;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Schema;

/// <summary>A migration beside a long transaction, as of a dump, that has read the table which is to be changed.</summary>
[TestFixture]
internal sealed class LockedTableTests
{
    /// <summary>The same in every version, so that two of them take turns.</summary>
    private const long AdvisoryLock = 0x436F6E7665727365;

    [Test]
    public async Task Migration_BesideALongTransaction_WaitsForItAndHoldsUpNobody()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await using var connection = await OpenAsync(database);
        await using var dump = await connection.BeginTransactionAsync();
        await ExecuteAsync(connection, "SELECT count(*) FROM runs");
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var migrator = new SchemaMigrator(database, line =>
        {
            if (line.StartsWith("Another transaction", StringComparison.Ordinal))
            {
                told.TrySetResult();
            }
        });

        var migrating = Task.Run(() => migrator.DowngradeAsync(1, Patience.Token));
        await told.Task.OrTimeout();
        await using var other = await OpenAsync(database);
        await ExecuteAsync(other, "SELECT count(*) FROM runs");
        Assert.That(migrating.IsCompleted, Is.False);
        await dump.CommitAsync();

        await migrating.OrTimeout();
        Assert.That((await migrator.InspectAsync(Patience.Token)).Missing, Is.EqualTo(new[] { SchemaMigrator.KnownVersions[^1] }));
        Assert.That(await migrator.UpgradeAsync(Patience.Token), Is.EqualTo(1));
    }

    /// <summary>The lock is held as by a newer version that migrates meanwhile.</summary>
    [Test]
    public async Task Upgrade_NewerVersionMigratesMeanwhile_IsRefused()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await using var newer = await OpenAsync(database);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var older = new SchemaMigrator(database, line =>
        {
            if (line.StartsWith("Another process", StringComparison.Ordinal))
            {
                told.TrySetResult();
            }
        });
        await older.DowngradeAsync(1, Patience.Token);
        await ExecuteAsync(newer, $"SELECT pg_advisory_lock({AdvisoryLock})");

        var upgrading = Task.Run(() => older.UpgradeAsync(Patience.Token));
        await told.Task.OrTimeout();
        await ExecuteAsync(newer, """INSERT INTO "VersionInfo" ("Version") VALUES (99990101000000)""");
        await ExecuteAsync(newer, $"SELECT pg_advisory_unlock({AdvisoryLock})");

        var error = await Assert.ThrowsAsync<SchemaException>(() => upgrading.OrTimeout());
        Assert.That(error!.Message, Does.Contain("99990101000000"));
        Assert.That((await older.InspectAsync(Patience.Token)).Missing, Is.EqualTo(new[] { SchemaMigrator.KnownVersions[^1] }));
    }

    private static async Task<NpgsqlConnection> OpenAsync(string database)
    {
        var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Patience.Token);
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Patience.Token);
    }
}
