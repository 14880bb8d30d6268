using Conversation.Migrations.Cli;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Cli;

/// <summary>Commands that delete ask first.</summary>
[TestFixture]
internal sealed class DeletionTests
{
    [TestCase("delete-db", null, ExitCodes.Declined)]
    [TestCase("delete-db", "no\n", ExitCodes.Declined)]
    [TestCase("delete-db", "yes\n", ExitCodes.Done)]
    [TestCase("delete-db --yes", null, ExitCodes.Done)]
    [TestCase("delete-db --yes --database other", null, ExitCodes.Declined)]
    [TestCase("recreate", null, ExitCodes.Declined)]
    [TestCase("recreate", "\n", ExitCodes.Declined)]
    public async Task Deletion_IsDoneOnlyIfConfirmed(string command, string? typed, int exitCode)
    {
        var database = await TestPostgres.NewDatabaseAsync();

        var outcome = await OperatorProcess.RunAsync(OperatorProcess.On(database), typed, folder: null, command.Split(' '));

        Assert.That(outcome.ExitCode, Is.EqualTo(exitCode), outcome.Text);
        Assert.That(await ExistsAsync(database), Is.EqualTo(exitCode != ExitCodes.Done));
    }

    [Test]
    public async Task Recreate_Confirmed_IsEmptyAndCurrent()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await using (var host = await ApiHost.StartAsync(connectionString: database))
        {
            using var client = host.AsUser();
            await client.CreateConversationAsync();
        }

        var outcome = await OperatorProcess.RunAsync(database, "recreate", "--yes");
        var verified = await OperatorProcess.RunAsync(database, "verify");

        Assert.That((outcome.ExitCode, verified.ExitCode), Is.EqualTo((0, 0)), outcome.Text + verified.Text);
        Assert.That(await CountAsync(database, "SELECT count(*) FROM conversations"), Is.Zero);
    }

    [Test]
    public async Task Deletion_InProduction_NeedsTheNameTwice()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        var name = new NpgsqlConnectionStringBuilder(database).Database!;
        var production = OperatorProcess.On(database);
        production["CONVERSATION_SERVICE_ENVIRONMENT"] = "production";

        var unnamed = await OperatorProcess.RunAsync(production, input: null, folder: null, "delete-db", "--yes");
        var unasked = await OperatorProcess.RunAsync(production, input: null, folder: null, "delete-db", "--database", name);
        var exists = await ExistsAsync(database);
        var both = await OperatorProcess.RunAsync(production, input: null, folder: null, "delete-db", "--yes", "--database", name);

        Assert.Multiple(() =>
        {
            Assert.That((unnamed.ExitCode, unasked.ExitCode, both.ExitCode), Is.EqualTo((ExitCodes.Declined, ExitCodes.Declined, ExitCodes.Done)));
            Assert.That(unnamed.Error, Does.Contain($"--database {name}"));
            Assert.That(exists, Is.True);
        });
    }

    [Test]
    public async Task Deletion_OfTheServersOwn_IsRefused()
    {
        var outcome = await OperatorProcess.RunAsync(TestPostgres.ConnectionTo("postgres"), "delete-db", "--yes");
        Assert.That(outcome.ExitCode, Is.EqualTo(ExitCodes.Failed), outcome.Text);
    }

    [Test]
    public async Task Command_InProductionWithoutADatabase_NamesTheVariable()
    {
        var outcome = await OperatorProcess.RunAsync(
            new Dictionary<string, string?> { ["CONVERSATION_SERVICE_ENVIRONMENT"] = "production" }, input: null, folder: null, "upgrade");
        Assert.That(outcome.ExitCode, Is.EqualTo(ExitCodes.Failed));
        Assert.That(outcome.Error, Does.Contain("CONVERSATION_SERVICE_DATABASE_URL"));
    }

    private static async Task<bool> ExistsAsync(string database)
    {
        var name = new NpgsqlConnectionStringBuilder(database).Database!;
        return await CountAsync(TestPostgres.ConnectionTo("postgres"), $"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == 1;
    }

    private static async Task<long> CountAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(Patience.Token);
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync(Patience.Token))!;
    }
}
