namespace Conversation.Tests.Infrastructure;

/// <summary>One service for the fixture, one user, and a new conversation for each test.</summary>
internal abstract class ConversationFixture
{
    protected ApiHost Host { get; private set; } = null!;

    protected ApiClient Client { get; private set; } = null!;

    protected Guid ConversationId { get; private set; }

    [OneTimeSetUp]
    public async Task StartHostAsync()
    {
        Host = await ApiHost.StartAsync();
        Client = Host.AsUser();
    }

    [OneTimeTearDown]
    public async Task StopHostAsync()
    {
        Client?.Dispose();
        if (Host is not null)
        {
            await Host.DisposeAsync();
        }
    }

    [SetUp]
    public async Task NewConversationAsync() => ConversationId = await Client.CreateConversationAsync();
}
