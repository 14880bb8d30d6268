using Conversation.Migrations.Cli;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Cli;

/// <summary>The commands on a server that was set up by somebody else: few rights, another encoding.</summary>
[TestFixture]
internal sealed class LimitedServerTests
{
    private PrivatePostgres _postgres = null!;
    private string _database = "";

    /// <summary>A database with an owner who may do everything in it, and nothing beside it.</summary>
    [SetUp]
    public async Task StartAsync()
    {
        _postgres = await PrivatePostgres.StartAsync();
        await ExecuteAsync(
            "CREATE ROLE limited LOGIN PASSWORD 'limited'",
            "CREATE DATABASE given OWNER limited",
            "REVOKE CONNECT ON DATABASE postgres FROM PUBLIC");
        _database = new NpgsqlConnectionStringBuilder(_postgres.ConnectionString)
        {
            Database = "given",
            Username = "limited",
            Password = "limited",
        }.ConnectionString;
    }

    [TearDown]
    public async Task StopAsync() => await _postgres.DisposeAsync();

    [Test]
    public async Task Init_WithoutTheMaintenanceDatabase_WorksOnTheGivenOne()
    {
        var init = await OperatorProcess.RunAsync(_database, "init");
        var verified = await OperatorProcess.RunAsync(_database, "verify");

        Assert.That((init.ExitCode, verified.ExitCode), Is.EqualTo((ExitCodes.Done, ExitCodes.Done)), init.Text + verified.Text);
    }

    [Test]
    public async Task Recreate_MayNotCreate_DeletesNothing()
    {
        await ExecuteAsync("GRANT CONNECT ON DATABASE postgres TO limited");
        await OperatorProcess.RunAsync(_database, "init");

        var outcome = await OperatorProcess.RunAsync(_database, "recreate", "--yes");
        var verified = await OperatorProcess.RunAsync(_database, "verify");

        Assert.That((outcome.ExitCode, verified.ExitCode), Is.EqualTo((ExitCodes.Failed, ExitCodes.Done)), outcome.Text + verified.Text);
        Assert.That(outcome.Error, Does.Contain("CREATEDB"));
    }

    [Test]
    public async Task Init_TemplateInAnotherEncoding_MakesTheDatabaseUtf8()
    {
        await ExecuteAsync("UPDATE pg_database SET encoding = pg_char_to_encoding('SQL_ASCII') WHERE datname = 'template1'");
        var database = To("new");

        var init = await OperatorProcess.RunAsync(database, "init");
        var verified = await OperatorProcess.RunAsync(database, "verify");

        Assert.That((init.ExitCode, verified.ExitCode), Is.EqualTo((ExitCodes.Done, ExitCodes.Done)), init.Text + verified.Text);
    }

    [Test]
    public async Task Verify_AnotherEncoding_IsNamedAndFails()
    {
        await ExecuteAsync("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0");
        await OperatorProcess.RunAsync(To("ascii"), "init");

        var outcome = await OperatorProcess.RunAsync(To("ascii"), "verify");

        Assert.That(outcome.ExitCode, Is.EqualTo(ExitCodes.Failed), outcome.Text);
        Assert.That(outcome.Error, Does.Contain("SQL_ASCII"));
    }

    private string To(string database) => new NpgsqlConnectionStringBuilder(_postgres.ConnectionString) { Database = database }.ConnectionString;

    private async Task ExecuteAsync(params string[] statements)
    {
        await using var connection = new NpgsqlConnection(To("postgres"));
        await connection.OpenAsync(Patience.Token);
        foreach (var statement in statements)
        {
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync(Patience.Token);
        }
    }
}
