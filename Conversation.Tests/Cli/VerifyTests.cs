using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Cli;

/// <summary>What <c>verify</c> finds in a damaged schema.</summary>
[TestFixture]
internal sealed class VerifyTests
{
    [TestCase("ALTER TABLE messages DROP COLUMN finish_reason", "Column messages.finish_reason is missing")]
    [TestCase("ALTER TABLE messages ALTER COLUMN attempt TYPE smallint", "Column messages.attempt is smallint NOT NULL; it should be integer NOT NULL")]
    [TestCase("ALTER TABLE messages ALTER COLUMN content DROP NOT NULL", "Column messages.content is text; it should be text NOT NULL")]
    [TestCase("DROP INDEX ix_conversations_activity", "Index ix_conversations_activity is missing")]
    [TestCase("ALTER TABLE messages DROP CONSTRAINT ck_messages_role", "Constraint ck_messages_role is missing")]
    [TestCase("ALTER TABLE messages DROP CONSTRAINT fk_messages_conversation", "Constraint fk_messages_conversation is missing")]
    [TestCase("DROP TABLE message_chunks", "Column message_chunks.text is missing")]
    [TestCase("ALTER TABLE messages ADD COLUMN price integer NOT NULL", "Column messages.price is not known here")]
    [TestCase("""INSERT INTO "VersionInfo" ("Version") VALUES (29990101000000)""", "Migration 29990101000000 is applied, but not known here")]
    [TestCase("""DELETE FROM "VersionInfo" WHERE "Version" = (SELECT max("Version") FROM "VersionInfo")""", "is not applied: run upgrade")]
    public async Task Verify_Damage_IsNamedAndFails(string damage, string fault)
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await ExecuteAsync(database, damage);

        var outcome = await OperatorProcess.RunAsync(database, "verify");

        Assert.That(outcome.ExitCode, Is.EqualTo(1));
        Assert.That(outcome.Error, Does.Contain(fault));
    }

    [Test]
    public async Task Verify_ColumnThatIsRead_NamesTheStatementsToo()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await ExecuteAsync(database, "ALTER TABLE messages DROP COLUMN finish_reason");

        var outcome = await OperatorProcess.RunAsync(database, "verify");

        Assert.That(outcome.Error, Does.Contain("Statement MessageRepository."));
    }

    [Test]
    public async Task Verify_CurrentSchema_IsWellAndLeavesNothingBehind()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await ExecuteAsync(database, "ALTER TABLE messages ADD COLUMN note text; CREATE TABLE of_others (id integer); CREATE INDEX mine ON messages (role)");

        var outcome = await OperatorProcess.RunAsync(database, "verify");

        Assert.That(outcome.ExitCode, Is.Zero, outcome.Text);
        Assert.That(outcome.Output, Does.Contain("Head:").And.Contain("Current:"));
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Patience.Token);
        await using var schemas = new NpgsqlCommand("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'verify%'", connection);
        Assert.That(await schemas.ExecuteScalarAsync(Patience.Token), Is.Zero);
    }

    [Test]
    public async Task Verify_ConstraintThatWasValidated_IsWell()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await ExecuteAsync(database, "ALTER TABLE runs VALIDATE CONSTRAINT ck_runs_traceparent");

        var outcome = await OperatorProcess.RunAsync(database, "verify");

        Assert.That(outcome.ExitCode, Is.Zero, outcome.Text);
    }

    [Test]
    public async Task Verify_AfterOneThatWasKilled_RemovesWhatItLeft()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await ExecuteAsync(
            database,
            "CREATE SCHEMA verify_0123456789abcdef0123456789abcdef CREATE TABLE forgotten (id integer); CREATE SCHEMA verify_of_others");

        var both = await Task.WhenAll(OperatorProcess.RunAsync(database, "verify"), OperatorProcess.RunAsync(database, "verify"));

        Assert.That(both.Select(one => one.ExitCode), Is.All.Zero, string.Join('\n', both.Select(one => one.Text)));
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Patience.Token);
        await using var schemas = new NpgsqlCommand("SELECT string_agg(nspname, ' ') FROM pg_namespace WHERE nspname LIKE 'verify%'", connection);
        Assert.That(await schemas.ExecuteScalarAsync(Patience.Token), Is.EqualTo("verify_of_others"));
    }

    [Test]
    public async Task Verify_MigrationsCannotBeRun_SaysWhyThoughTheRemovalFailsToo()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await ExecuteAsync(
            database,
            "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused: %', tg_tag; END $$; "
            + "CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'DROP SCHEMA') EXECUTE FUNCTION refuse()");

        var outcome = await OperatorProcess.RunAsync(database, "verify");

        Assert.That(outcome.ExitCode, Is.EqualTo(1));
        Assert.That(outcome.Error, Does.Contain("refused: CREATE TABLE"));
    }

    [Test]
    public async Task Verify_EmptyDatabase_SaysThatNothingIsApplied()
    {
        var database = TestPostgres.ConnectionTo("verify_empty");
        await Conversation.Migrations.Runner.DatabaseAdmin.EnsureExistsAsync(database, Patience.Token);

        var outcome = await OperatorProcess.RunAsync(database, "verify");

        Assert.That(outcome.ExitCode, Is.EqualTo(1));
        Assert.That(outcome.Text, Does.Contain("Current: none").And.Contain("run upgrade"));
    }

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Patience.Token);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Patience.Token);
    }
}
