using Conversation.Migrations.Bootstrap;
using Conversation.Migrations.Configuration;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Bootstrap;

/// <summary>An auth service, a file of variables and a clock for each test.</summary>
internal abstract class BootstrapFixture
{
    protected FakeAuthService Service { get; private set; } = null!;

    protected JumpingTime Time { get; private set; } = null!;

    protected string FilePath { get; private set; } = "";

    protected OperatorSettings Settings => new() { AuthServiceUrl = Service.Address };

    [SetUp]
    public async Task StartAsync()
    {
        Service = await FakeAuthService.StartAsync();
        Time = new JumpingTime();
        FilePath = TestFolders.New();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await Service.DisposeAsync();
        File.Delete(FilePath);
    }

    protected async Task RunAsync(
        TimeSpan? limit = null, bool rotate = false, OperatorSettings? settings = null, EnvFile? file = null, TimeProvider? time = null)
    {
        using var http = new HttpClient();
        var bootstrapper = new Bootstrapper(
            settings ?? Settings, file ?? EnvFile.Open(FilePath), http, time ?? Time, TestContext.Progress.WriteLine);
        await bootstrapper.RunAsync(rotate, limit ?? TimeSpan.FromMinutes(2), Patience.Token);
    }

    protected FakeClient Client() => Service.Clients.Single(client => client.Name == ClientRegistry.Name);

    protected (string? Id, string? Secret) Written()
    {
        var values = EnvFile.Open(FilePath).Values;
        return (values.GetValueOrDefault("CONVERSATION_SERVICE_CLIENT_ID"), values.GetValueOrDefault("CONVERSATION_SERVICE_CLIENT_SECRET"));
    }
}
