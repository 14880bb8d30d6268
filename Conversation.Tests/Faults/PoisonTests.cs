using System.Net.Http.Json;
using Conversation.Data.Access;
using Conversation.Data.Log;
using Conversation.Data.Postgres;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Conversation.Tests.Faults;

/// <summary>A write that the database can never take, although it says that it only cannot now.</summary>
[TestFixture]
internal sealed class PoisonTests
{
    [TestCase("53200")]
    [TestCase("57014")]
    public async Task Append_OneWriteThatAlwaysFails_DoesNotHoldUpTheOthers(string sqlState)
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.AsUser();
        var poisoned = await client.CreateConversationAsync();
        var free = await client.CreateConversationAsync();
        await using (var connection = new NpgsqlConnection(host.ConnectionString))
        {
            await connection.OpenAsync();
            await using var trigger = new NpgsqlCommand(
                $"""
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '{sqlState}'; END $$;
                CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW WHEN (NEW.content = 'poison') EXECUTE FUNCTION refuse();
                """,
                connection);
            await trigger.ExecuteNonQueryAsync();
        }

        // At once, so that they may share a batch.
        var answers = await Task.WhenAll(SendAsync(poisoned, "poison"), SendAsync(free, "x"));
        using var refused = answers[0];
        using var stored = answers[1];
        await ApiClient.ReadAsync(refused, 503);
        await ApiClient.ReadAsync(stored, 201);

        Task<HttpResponseMessage> SendAsync(Guid conversation, string content) => client.Http.PostAsJsonAsync(
            $"{ApiClient.Root}/conversations/{conversation}/messages", new { role = "system", content });
    }

    [Test]
    public async Task Append_ValueThatCannotBeSent_FailsItsOwnCallerOnly()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        var log = host.Services.GetRequiredService<ConversationLog>();
        var bad = Enumerable.Range(0, 50).Select(i => log.AppendAsync(Message(conversation, i % 10 == 0 ? "half \ud83d" : $"{i}"), Patience.Token)).ToList();

        await Task.WhenAll(bad).ContinueWith(_ => { }, TaskScheduler.Default).OrTimeout();

        Assert.That(bad.Where(task => task.IsFaulted).Select(task => task.Exception!.InnerException), Is.All.TypeOf<UnstorableValueException>());
        Assert.That(bad.Count(task => task.IsFaulted), Is.EqualTo(5));
        Assert.That(
            (await client.MessagesAsync(conversation)).Select(message => message.GetProperty("seq").GetInt64()), Is.EqualTo(Enumerable.Range(1, 45)));
    }

    private static AppendMessage Message(Guid conversation, string content) => new()
    {
        ConversationId = conversation,
        Caller = Caller.Service,
        MessageId = Guid.CreateVersion7(),
        Role = "system",
        Content = content,
    };
}
