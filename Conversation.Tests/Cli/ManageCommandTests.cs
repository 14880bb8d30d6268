using Conversation.Data.EmbeddedPostgres;
using Conversation.Migrations.Runner;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Cli;

/// <summary>The operator's commands, as processes.</summary>
[TestFixture]
internal sealed class ManageCommandTests
{
    private static int _databases;

    [Test]
    public async Task Init_EmptyServer_CreatesAndMigratesAndIsIdempotent()
    {
        var database = TestPostgres.ConnectionTo($"cli_{Interlocked.Increment(ref _databases)}");

        var first = await RunAsync(database, "init");
        var second = await RunAsync(database, "init");

        Assert.Multiple(() =>
        {
            Assert.That((first.ExitCode, second.ExitCode), Is.EqualTo((0, 0)), first.Text + second.Text);
            Assert.That(first.Text, Does.Contain("Database created").And.Contain($"{SchemaMigrator.KnownVersions.Count} migrations applied"));
            Assert.That(second.Text, Does.Contain("current").And.Not.Contain("created"));
        });
    }

    [Test]
    public async Task Upgrade_TwoAtOnce_TakeTurns()
    {
        var database = TestPostgres.ConnectionTo($"cli_{Interlocked.Increment(ref _databases)}");
        await DatabaseAdmin.EnsureExistsAsync(database, Patience.Token);

        var both = await Task.WhenAll(RunAsync(database, "upgrade"), RunAsync(database, "upgrade"));

        Assert.That(both.Select(one => one.ExitCode), Is.All.Zero, string.Join('\n', both.Select(one => one.Text)));
    }

    [Test]
    public async Task Upgrade_NoServer_FailsWithAReasonAndWithoutThePassword()
    {
        var database = new NpgsqlConnectionStringBuilder(TestPostgres.ConnectionTo("x")) { Port = 1, Password = "s3cret" }.ConnectionString;

        var outcome = await RunAsync(database, "upgrade");

        Assert.That(outcome.ExitCode, Is.EqualTo(1));
        Assert.That(outcome.Text, Is.Not.Empty.And.Not.Contain("s3cret").And.Not.Contain("   at "));
    }

    [Test]
    public async Task Help_NamesTheCommands()
    {
        var outcome = await RunAsync(TestPostgres.ServerConnection, "--help");
        Assert.That(outcome.Text, Does.Contain("init").And.Contain("upgrade"));
    }

    private static Task<ChildProcess.Outcome> RunAsync(string database, string command) => ChildProcess.RunAsync(
        "env",
        [$"CONVERSATION_SERVICE_DATABASE_URL={database}", "dotnet", Path.Combine(AppContext.BaseDirectory, "Conversation.Migrations.dll"), command],
        Patience.Token);
}
