using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Cli;

/// <summary>What the commands find in the checkout that they are run in.</summary>
[TestFixture]
internal sealed class CheckoutTests
{
    private string _checkout = "";

    [SetUp]
    public void MakeCheckout()
    {
        _checkout = TestFolders.New();
        Directory.CreateDirectory(_checkout);
        File.WriteAllText(Path.Combine(_checkout, "Conversation.sln"), "");
    }

    [TearDown]
    public void RemoveCheckout() => Directory.Delete(_checkout, recursive: true);

    [Test]
    public async Task EnvDev_BesideTheSolution_IsRead()
    {
        await File.WriteAllTextAsync(Path.Combine(_checkout, ".env.dev"), $"CONVERSATION_SERVICE_DATABASE_URL='{await TestPostgres.NewDatabaseAsync()}'\n");

        var outcome = await OperatorProcess.RunAsync(
            new Dictionary<string, string?> { ["CONVERSATION_SERVICE_ENV_FILE"] = null }, input: null, _checkout, "verify");

        Assert.That(outcome.ExitCode, Is.Zero, outcome.Text);
    }

    [Test]
    public async Task PrivateServer_InARelativeFolder_LiesInTheCheckoutWhereverTheCommandIsRun()
    {
        await File.WriteAllTextAsync(Path.Combine(_checkout, ".env.dev"), "CONVERSATION_SERVICE_POSTGRES_DATA=database\n");
        var below = Directory.CreateDirectory(Path.Combine(_checkout, "below")).FullName;
        var environment = new Dictionary<string, string?> { ["CONVERSATION_SERVICE_ENV_FILE"] = null };

        var init = await OperatorProcess.RunAsync(environment, input: null, _checkout, "init");
        var verified = await OperatorProcess.RunAsync(environment, input: null, below, "verify");

        Assert.That((init.ExitCode, verified.ExitCode), Is.EqualTo((0, 0)), init.Text + verified.Text);
        Assert.That(Directory.Exists(Path.Combine(_checkout, "database", "data")), Is.True);
    }

    [Test]
    public async Task PrivateServer_WithoutAUrl_IsInitialisedVerifiedAndDeleted()
    {
        var data = TestFolders.New();
        var environment = new Dictionary<string, string?> { ["CONVERSATION_SERVICE_POSTGRES_DATA"] = data };
        try
        {
            var init = await RunAsync("init");
            var verified = await RunAsync("verify");
            var deleted = await RunAsync("delete-db", "--yes");

            Assert.That((init.ExitCode, verified.ExitCode, deleted.ExitCode), Is.EqualTo((0, 0, 0)), init.Text + verified.Text + deleted.Text);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }

        Task<OperatorProcess.Outcome> RunAsync(params string[] arguments) => OperatorProcess.RunAsync(environment, input: null, _checkout, arguments);
    }
}
