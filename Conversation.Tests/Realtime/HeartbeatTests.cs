using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Realtime;

/// <summary>Clients take a node that is silent for 25 s for one that is gone.</summary>
[TestFixture]
[Category("Long")]
internal sealed class HeartbeatTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(25);

    [Test]
    public async Task Heartbeats_WhileTheDatabaseDoesNotAnswer_GoOn()
    {
        var database = new NpgsqlConnectionStringBuilder(await TestPostgres.NewDatabaseAsync());
        await using var wire = StallingProxy.Start(new Uri($"tcp://{database.Host}:{database.Port}"), isBothWays: true);
        database.Port = wire.Address.Port;
        await using var api = await ApiProcess.StartAsync(new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_DATABASE_URL"] = database.ConnectionString,
            ["CONVERSATION_SERVICE_USER_JWT_SECRET_KEY"] = TestTokens.UserKey,
        });
        using var client = new ApiClient(api.Address, TestTokens.User(Guid.CreateVersion7()));
        var conversation = await client.CreateConversationAsync();
        await using var socket = await V2Socket.ConnectAsync(client, conversation, position: null);
        await socket.UntilAsync(frame => LegacyClient.TypeOf(frame) == "subscription.ready");

        wire.Stall();
        using var silence = new CancellationTokenSource(Silence);
        string?[] types = [Type(await socket.NextAsync(silence.Token)), Type(await socket.NextAsync(silence.Token))];
        wire.Resume();

        Assert.That(types, Is.All.EqualTo("heartbeat"));
    }

    private static string? Type(System.Text.Json.JsonElement? frame) => frame is { } told ? LegacyClient.TypeOf(told) : null;
}
