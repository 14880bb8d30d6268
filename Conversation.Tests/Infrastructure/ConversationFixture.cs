using Npgsql;

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

    /// <summary>Makes the test's conversation another user's: there is no request that does it.</summary>
    protected async Task ChangeOwnerAsync()
    {
        await using var connection = new NpgsqlConnection(Host.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("UPDATE conversations SET owner_id = gen_random_uuid() WHERE id = $1", connection)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = ConversationId } },
        };
        await command.ExecuteNonQueryAsync();
    }
}
