using Conversation.Migrations.Bootstrap;
using Conversation.Migrations.Configuration;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Cli;

/// <summary><c>bootstrap</c>, alone and as the last step of <c>init</c>, as processes.</summary>
[TestFixture]
internal sealed class BootstrapCommandTests
{
    private const string Nobody = "http://127.0.0.1:1/api/v1";

    private string _file = "";

    [SetUp]
    public void Name() => _file = TestFolders.New();

    [TearDown]
    public void Remove() => File.Delete(_file);

    [Test]
    public async Task Init_WithTheAuthService_WritesTheCredentialsOverThePlaceholders()
    {
        await using var auth = await FakeAuthService.StartAsync();
        await File.WriteAllTextAsync(_file, "# by hand\nCONVERSATION_SERVICE_CLIENT_ID=your_client_id_here\nCONVERSATION_SERVICE_CLIENT_SECRET=your_client_secret_here\nOTHER=1\n");
        var environment = await EnvironmentAsync(auth.Address.ToString());
        // As containers do: the file is the environment as well, and stays what it was.
        environment["CONVERSATION_SERVICE_CLIENT_ID"] = "your_client_id_here";

        var first = await RunAsync(environment, "init");
        var second = await RunAsync(environment, "init");

        var client = auth.Clients.Single(one => one.Name == ClientRegistry.Name);
        Assert.Multiple(() =>
        {
            Assert.That((first.ExitCode, second.ExitCode), Is.EqualTo((0, 0)), first.Text + second.Text);
            Assert.That(
                File.ReadAllText(_file),
                Is.EqualTo($"# by hand\nCONVERSATION_SERVICE_CLIENT_ID={client.Id}\nCONVERSATION_SERVICE_CLIENT_SECRET={client.Secret}\nOTHER=1\n"));
            Assert.That(first.Text, Does.Not.Contain(client.Secret));
            Assert.That(second.Output, Does.Contain("nothing to do"));
        });
    }

    [Test]
    public async Task Init_NobodyThere_WarnsAndSucceeds()
    {
        var outcome = await RunAsync(await EnvironmentAsync(Nobody), "init");
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Text);
        Assert.That(outcome.Error, Does.Contain("Warning").And.Contain(Nobody));
    }

    [TestCase("bootstrap --wait 1")]
    [TestCase("bootstrap --wait 0 --rotate")]
    public async Task Bootstrap_NobodyThere_Fails(string command)
    {
        var outcome = await RunAsync(await EnvironmentAsync(Nobody), command);
        Assert.That(outcome.ExitCode, Is.EqualTo(1));
        Assert.That(outcome.Error, Does.Contain(Nobody).And.Not.Contain("   at "));
    }

    [Test]
    public async Task Bootstrap_NoAddress_NamesTheVariable()
    {
        var outcome = await RunAsync(await EnvironmentAsync(auth: null), "bootstrap");
        Assert.That(outcome.ExitCode, Is.EqualTo(1));
        Assert.That(outcome.Error, Does.Contain("AUTH_SERVICE_URL"));
    }

    [Test]
    public async Task Bootstrap_Rotate_MakesTheClientAnew()
    {
        await using var auth = await FakeAuthService.StartAsync();
        var lost = auth.AddClient(ClientRegistry.Name);
        var environment = await EnvironmentAsync(auth.Address.ToString());

        var without = await RunAsync(environment, "bootstrap --wait 1");
        var with = await RunAsync(environment, "bootstrap --rotate");

        var client = auth.Clients.Single();
        Assert.Multiple(() =>
        {
            Assert.That((without.ExitCode, with.ExitCode), Is.EqualTo((1, 0)), without.Text + with.Text);
            Assert.That(without.Error, Does.Contain(lost.Id).And.Contain("--rotate"));
            Assert.That(client.Id, Is.Not.EqualTo(lost.Id));
            Assert.That(EnvFile.Open(_file).Values["CONVERSATION_SERVICE_CLIENT_SECRET"], Is.EqualTo(client.Secret));
        });
    }

    [TestCase("bootstrap", "CONVERSATION_SERVICE_CLIENT_ID")]
    [TestCase("bootstrap --rotate", "CONVERSATION_SERVICE_CLIENT_SECRET")]
    public async Task Bootstrap_EnvironmentHasItsOwn_RefusesBeforeAnythingIsMade(string command, string variable)
    {
        await using var auth = await FakeAuthService.StartAsync();
        var live = auth.AddClient(ClientRegistry.Name);
        var environment = await EnvironmentAsync(auth.Address.ToString());
        environment[variable] = "live";

        var outcome = await RunAsync(environment, command);

        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.EqualTo(1), outcome.Text);
            Assert.That(outcome.Error, Does.Contain(variable).And.Contain("environment").And.Not.Contain("   at "));
            Assert.That(auth.Clients.Single().Id, Is.EqualTo(live.Id));
            Assert.That(File.Exists(_file), Is.False);
        });
    }

    [Test]
    public async Task Bootstrap_WrongPassword_DoesNotPrintIt()
    {
        await using var auth = await FakeAuthService.StartAsync();
        var environment = await EnvironmentAsync(auth.Address.ToString());
        environment["INITIAL_ADMIN_PASSWORD"] = "s3cret";

        var outcome = await RunAsync(environment, "bootstrap");

        Assert.That(outcome.ExitCode, Is.EqualTo(1));
        Assert.That(outcome.Text, Does.Contain("INITIAL_ADMIN_PASSWORD").And.Not.Contain("s3cret"));
    }

    private static Task<OperatorProcess.Outcome> RunAsync(Dictionary<string, string?> environment, string command) =>
        OperatorProcess.RunAsync(environment, input: null, folder: null, command.Split(' '));

    private async Task<Dictionary<string, string?>> EnvironmentAsync(string? auth)
    {
        var environment = OperatorProcess.On(await TestPostgres.NewDatabaseAsync());
        environment["CONVERSATION_SERVICE_ENV_FILE"] = _file;
        environment["AUTH_SERVICE_URL"] = auth;
        return environment;
    }
}
