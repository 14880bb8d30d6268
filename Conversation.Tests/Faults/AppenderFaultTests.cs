using System.Net.Http.Json;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Faults;

/// <summary>What the writer does when the database says no, says nothing, or is held up.</summary>
[TestFixture]
internal sealed class AppenderFaultTests
{
    [Test]
    public async Task Append_ReplyLostAfterTheCommit_StoresOnceAndAnswersAsTheFirstWouldHave()
    {
        await using var proxy = PostgresProxy.Start(TestPostgres.ServerConnection);
        var database = await TestPostgres.NewDatabaseAsync();
        await using var host = await ApiHost.StartAsync(connectionString: proxy.Through(database));
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await client.SendAsync(conversation, new { role = "system", content = "warm" });

        for (var i = 0; i < 5; i++)
        {
            proxy.CutAtNextCommitReply();
            var sent = await client.SendAsync(conversation, new { role = "system", content = $"cut {i}", client_message_id = $"k{i}" });
            var again = await client.SendAsync(conversation, new { role = "system", content = $"cut {i}", client_message_id = $"k{i}" });
            Assert.That(again.GetRawText(), Is.EqualTo(sent.GetRawText()));

            // Without a key only the lookup can tell.
            proxy.CutAtNextCommitReply();
            await client.SendAsync(conversation, new { role = "system", content = $"no key {i}" });
        }

        var messages = await client.MessagesAsync(conversation);
        Assert.Multiple(() =>
        {
            Assert.That(proxy.Cuts, Is.EqualTo(10), "Nothing was cut: the test proves nothing.");
            Assert.That(
                messages.Select(message => message.GetProperty("content").GetString()),
                Is.EqualTo(Enumerable.Range(0, 5).SelectMany(i => new[] { $"cut {i}", $"no key {i}" }).Prepend("warm")));
            Assert.That(messages.Select(message => message.GetProperty("seq").GetInt64()), Is.EqualTo(Enumerable.Range(1, 11)));
        });
    }

    /// <summary>As ALTER TABLE, VACUUM FULL or pg_repack do it: for longer than a write waits for a lock, and longer than its caller waits.</summary>
    [Test]
    public async Task Append_WholeTableLocked_WaitsOrIsToldAndGoesOnAfterwards()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync();
        await using (var holder = await connection.BeginTransactionAsync())
        {
            await using var hold = new NpgsqlCommand("LOCK TABLE conversations IN ACCESS EXCLUSIVE MODE", connection, holder);
            var waiting = client.Http.PostAsJsonAsync($"{ApiClient.Root}/conversations", new { title = "meanwhile" });
            await hold.ExecuteNonQueryAsync();
            using var refused = await client.Http.PostAsJsonAsync(
                $"{ApiClient.Root}/conversations/{conversation}/messages", new { role = "system", content = "refused" });
            await ApiClient.ReadAsync(refused, 503);
            using var other = await waiting;
            Assert.That((int)other.StatusCode, Is.EqualTo(503).Or.EqualTo(201));
        }

        await client.SendAsync(conversation, new { role = "system", content = "goes on" });
        Assert.That(await client.MessagesAsync(conversation), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Append_OneConversationLocked_OthersGoOnAndItsOwnWaitOrAreTold()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.AsUser();
        var locked = await client.CreateConversationAsync();
        var free = await client.CreateConversationAsync();
        await using var connection = new NpgsqlConnection(host.ConnectionString);
        await connection.OpenAsync();
        Task<System.Text.Json.JsonElement> waiting;
        await using (var holder = await connection.BeginTransactionAsync())
        {
            await using var hold = new NpgsqlCommand("SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE", connection, holder)
            {
                Parameters = { new NpgsqlParameter<Guid> { TypedValue = locked } },
            };
            await hold.ExecuteNonQueryAsync();

            using var refused = await client.Http.PostAsJsonAsync(
                $"{ApiClient.Root}/conversations/{locked}/messages", new { role = "system", content = "refused" });
            await ApiClient.ReadAsync(refused, 503);
            Assert.That(refused.Headers.RetryAfter, Is.Not.Null);

            waiting = client.SendAsync(locked, new { role = "system", content = "waits" });
            for (var i = 0; i < 20; i++)
            {
                await client.SendAsync(free, new { role = "system", content = $"{i}" });
            }

            Assert.That(waiting.IsCompleted, Is.False);
        }

        await waiting.OrTimeout();
        var stored = await client.MessagesAsync(locked);
        Assert.That(stored.Select(message => message.GetProperty("content").GetString()), Is.EqualTo(new[] { "waits" }));
    }

    [Test]
    public async Task Append_ThousandsAtOnce_TakeDenseNumbersInEveryConversation()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.AsUser();
        var conversations = new List<Guid>();
        for (var i = 0; i < 20; i++)
        {
            conversations.Add(await client.CreateConversationAsync());
        }

        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
            await client.SendAsync(conversations[i % 20], new { role = "system", content = $"{i}" }));

        foreach (var conversation in conversations)
        {
            var seqs = (await client.MessagesAsync(conversation)).Select(message => message.GetProperty("seq").GetInt64());
            Assert.That(seqs, Is.EqualTo(Enumerable.Range(1, 100)));
        }
    }
}
