using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.AgentRuns;

[TestFixture]
internal sealed class AnswerCommitTests : ConversationFixture
{
    /// <summary>Each of an answer's own commits writes events; a row's xmin is its transaction.</summary>
    private const string Commits =
        "SELECT string_agg(types, '; ' ORDER BY first) FROM (SELECT string_agg(type, ' ' ORDER BY seq) AS types, min(seq) AS first "
        + "FROM conversation_events WHERE conversation_id = $1 GROUP BY xmin::text) t";

    /// <summary>Accepted and claimed; started; ended. Checkpoints are the node's, for all of its answers at once, and no answer waits for them.</summary>
    [Test]
    public async Task Answer_OfManyChunks_CostsThreeCommitsOfItsOwn()
    {
        var conversation = await Client.CreateConversationAsync(new { metadata_json = new { agent = "words=100&pace_ms=5" } });
        await using var socket = await V2Socket.ConnectAsync(Client, conversation, position: null);
        await Client.SayAsync(conversation, "Hello");
        await socket.UntilAsync(frame => LegacyClient.TypeOf(frame) == "run.completed");

        await using var connection = new NpgsqlConnection(Host.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(Commits, connection) { Parameters = { new() { Value = conversation } } };
        Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo(
            "message.created run.queued run.started; run.notice message.started; message.completed run.completed"));
    }
}
