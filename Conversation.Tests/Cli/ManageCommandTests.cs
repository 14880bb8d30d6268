using System.Net;
using System.Net.Sockets;
using Conversation.Migrations.Cli;
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
        var database = NewName();

        var first = await OperatorProcess.RunAsync(database, "init");
        var second = await OperatorProcess.RunAsync(database, "init");

        Assert.Multiple(() =>
        {
            Assert.That((first.ExitCode, second.ExitCode), Is.EqualTo((ExitCodes.Done, ExitCodes.Done)), first.Text + second.Text);
            Assert.That(first.Output, Does.Contain("Database created").And.Contain($"{SchemaMigrator.KnownVersions.Count} migrations applied"));
            Assert.That(SchemaMigrator.KnownVersions, Is.All.Matches<long>(version => first.Output.Contains($"Migrating to {version} ")));
            Assert.That(first.Error, Does.Contain("AUTH_SERVICE_URL"));
            Assert.That(second.Output, Does.Contain("current").And.Not.Contain("created"));
        });
    }

    [Test]
    public async Task Upgrade_TwoAtOnce_TakeTurns()
    {
        var database = NewName();
        await DatabaseAdmin.EnsureExistsAsync(database, Patience.Token);

        var both = await Task.WhenAll(OperatorProcess.RunAsync(database, "upgrade"), OperatorProcess.RunAsync(database, "upgrade"));

        Assert.That(both.Select(one => one.ExitCode), Is.All.Zero, string.Join('\n', both.Select(one => one.Text)));
    }

    [TestCase("init")]
    [TestCase("upgrade")]
    [TestCase("verify")]
    [TestCase("downgrade")]
    public async Task Command_NoServer_FailsWithAReasonAndWithoutThePassword(string command)
    {
        var outcome = await OperatorProcess.RunAsync("postgresql://user:s3cret@127.0.0.1:1/name", command);

        Assert.That(outcome.ExitCode, Is.EqualTo(ExitCodes.Failed));
        Assert.That(outcome.Error, Is.Not.Empty.And.Not.Contain("s3cret").And.Not.Contain("   at "));
    }

    /// <summary>One that does not exist, and one that never answers.</summary>
    [Test]
    public async Task Command_UnreachableServer_FailsWithOneLine([Values] bool exists)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var server = exists ? silent.LocalEndpoint.ToString() : "no-such-host.invalid";

        var outcome = await OperatorProcess.RunAsync($"postgresql://user:s3cret@{server}/name?timeout=1", "init");

        Assert.That(outcome.ExitCode, Is.EqualTo(ExitCodes.Failed), outcome.Text);
        Assert.That(outcome.Error.Trim(), Is.Not.Empty.And.Not.Contain("s3cret").And.Not.Contain("\n"));
    }

    [Test]
    public async Task Command_WrongPassword_FailsWithAReasonAndWithoutIt()
    {
        var database = new NpgsqlConnectionStringBuilder(TestPostgres.ServerConnection) { Password = "s3cret" }.ConnectionString;
        var outcome = await OperatorProcess.RunAsync(database, "upgrade");

        Assert.That(outcome.ExitCode, Is.EqualTo(ExitCodes.Failed));
        Assert.That(outcome.Text, Does.Contain("password authentication failed").And.Not.Contain("s3cret"));
    }

    [Test]
    public async Task Help_NamesEveryCommand()
    {
        var outcome = await OperatorProcess.RunAsync(TestPostgres.ServerConnection, "--help");

        Assert.That(outcome.ExitCode, Is.EqualTo(ExitCodes.Done));
        foreach (var command in new[] { "init", "recreate", "create-migration", "upgrade", "downgrade", "verify", "delete-db", "bootstrap" })
        {
            Assert.That(outcome.Output, Does.Contain(command));
        }
    }

    [TestCase("nonsense")]
    [TestCase("downgrade -s 0")]
    [TestCase("downgrade -s many")]
    [TestCase("create-migration")]
    [TestCase("")]
    public async Task CommandLine_NotUnderstood_ExitsWithItsOwnCode(string line)
    {
        var outcome = await OperatorProcess.RunAsync(TestPostgres.ServerConnection, line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.That(outcome.ExitCode, Is.EqualTo(ExitCodes.Usage), outcome.Text);
    }

    [Test]
    public async Task Downgrade_ThenUpgrade_KeepsTheDataOfTheRest()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        var host = await ApiHost.StartAsync(connectionString: database);
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync(new { title = "survives" });
        await client.SendAsync(conversation, new { role = "system", content = "survives too" });
        await host.DisposeAsync();

        var down = await OperatorProcess.RunAsync(database, "downgrade", "-s", "1");
        var damaged = await OperatorProcess.RunAsync(database, "verify");
        var up = await OperatorProcess.RunAsync(database, "upgrade");
        var verified = await OperatorProcess.RunAsync(database, "verify");

        await using var again = await ApiHost.StartAsync(connectionString: database);
        using var later = again.As(client.Token!);
        var messages = await later.MessagesAsync(conversation);
        Assert.Multiple(() =>
        {
            Assert.That((down.ExitCode, damaged.ExitCode, up.ExitCode, verified.ExitCode), Is.EqualTo((0, 1, 0, 0)), down.Text + up.Text + verified.Text);
            Assert.That(down.Output, Does.Contain($"Undoing {SchemaMigrator.KnownVersions[^1]}"));
            Assert.That(messages.Single().GetProperty("content").GetString(), Is.EqualTo("survives too"));
        });
    }

    [Test]
    public async Task Downgrade_MoreThanApplied_UndoesNothing()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        var outcome = await OperatorProcess.RunAsync(database, "downgrade", "-s", "1000");
        var verified = await OperatorProcess.RunAsync(database, "verify");
        Assert.That((outcome.ExitCode, verified.ExitCode), Is.EqualTo((ExitCodes.Failed, ExitCodes.Done)), outcome.Text + verified.Text);
    }

    [Test]
    public async Task Downgrade_AllTheWay_AndUpAgain()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        var all = SchemaMigrator.KnownVersions.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);

        var down = await OperatorProcess.RunAsync(database, "downgrade", "-s", all);
        var up = await OperatorProcess.RunAsync(database, "upgrade");
        var verified = await OperatorProcess.RunAsync(database, "verify");

        Assert.That((down.ExitCode, up.ExitCode, verified.ExitCode), Is.EqualTo((0, 0, 0)), down.Text + up.Text + verified.Text);
    }

    private static string NewName() => TestPostgres.ConnectionTo($"cli_{Interlocked.Increment(ref _databases)}");
}
