using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.AgentRuns;

[TestFixture]
internal sealed class AnswerCommitTests : ConversationFixture
{
    /// <summary>Every commit that waits for the disk writes events; a row's xmin is its transaction.</summary>
    private const string Commits = "SELECT count(DISTINCT xmin::text), count(*) FROM conversation_events WHERE conversation_id = $1";

    /// <summary>Accepted and claimed; started; ended. Checkpoints do not wait for the disk.</summary>
    [Test]
    public async Task Answer_OfManyChunks_CostsThreeSynchronousCommits()
    {
        var conversation = await Client.CreateConversationAsync(new { metadata_json = new { agent = "words=100&pace_ms=5" } });
        await using var socket = await V2Socket.ConnectAsync(Client, conversation, position: null);
        await Client.SayAsync(conversation, "Hello");
        await socket.UntilAsync(frame => LegacyClient.TypeOf(frame) == "run.completed");

        await using var connection = new NpgsqlConnection(Host.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(Commits, connection) { Parameters = { new() { Value = conversation } } };
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        Assert.That((row.GetInt64(0), row.GetInt64(1)), Is.EqualTo((3, 6)));
    }
}
