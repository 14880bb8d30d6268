using Conversation.Api.Housekeeping;
using Conversation.Data.Housekeeping;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Conversation.Tests.Housekeeping;

/// <summary>What goes, what stays, and that it goes in small steps.</summary>
[TestFixture]
internal sealed class HousekeeperTests
{
    private const string Fill =
        """
        INSERT INTO messages (id, conversation_id, seq, role, content, status, attempt, created_at, updated_at)
        SELECT gen_random_uuid(), $1, n, 'user', 'text', 'stored', 1, now(), now() FROM generate_series(101, 350) n;
        """;

    private const string CountAll =
        """
        SELECT (SELECT count(*) FROM conversations WHERE id = $1)
            + (SELECT count(*) FROM conversation_events WHERE conversation_id = $1)
            + (SELECT count(*) FROM messages WHERE conversation_id = $1)
            + (SELECT count(*) FROM runs WHERE conversation_id = $1)
            + (SELECT count(*) FROM idempotency_keys WHERE conversation_id = $1)
        """;

    private ApiHost _host = null!;
    private ApiClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync(services: services => services.AddSingleton(new HousekeepingOptions
        {
            BatchSize = 100,
            Breath = TimeSpan.Zero,
            Interval = TimeSpan.FromHours(1),
        }));
        _client = _host.AsUser();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
    }

    [Test]
    public async Task Deleted_LongEnoughAgo_GoesWithAllItsRows()
    {
        var conversation = await FilledAsync();
        using var deleted = await _client.Http.DeleteAsync($"{ApiClient.Root}/conversations/{conversation}");
        await TidyAsync();
        var kept = await ScalarAsync(CountAll, conversation);
        await ScalarAsync("UPDATE conversations SET deleted_at = now() - interval '25 hours' WHERE id = $1", conversation);

        await TidyAsync();

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(kept, Is.GreaterThan(250), "Not before its time.");
            Assert.That(await ScalarAsync(CountAll, conversation), Is.Zero);
        });
    }

    [Test]
    public async Task Alive_Conversation_KeepsEverything()
    {
        var conversation = await FilledAsync();
        var before = await ScalarAsync(CountAll, conversation);

        await TidyAsync();

        Assert.That(await ScalarAsync(CountAll, conversation), Is.EqualTo(before));
    }

    [Test]
    public async Task Batch_OfALargeConversation_IsBounded()
    {
        var conversation = await FilledAsync();
        await ScalarAsync("UPDATE conversations SET deleted_at = now() - interval '25 hours' WHERE id = $1", conversation);
        var store = _host.Services.GetRequiredService<HousekeepingStore>();

        var first = await store.DeleteGoneAsServiceAsync(hours: 24, limit: 100, Patience.Token);

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(first, Is.InRange(100, 130), "A hundred messages, and its few events and keys.");
            Assert.That(await ScalarAsync("SELECT count(*) FROM messages WHERE conversation_id = $1", conversation), Is.InRange(150, 155));
        });
        await TidyAsync();
    }

    [Test]
    public async Task Batch_OfLongMessages_IsBoundedByTheirText()
    {
        var conversation = await _client.CreateConversationAsync();
        await ScalarAsync(
            """
            INSERT INTO messages (id, conversation_id, seq, role, content, status, attempt, created_at, updated_at)
            SELECT gen_random_uuid(), $1, 100 + n, 'user', t.text, 'stored', 1, now(), now()
            FROM generate_series(1, 30) n
            CROSS JOIN (SELECT string_agg(md5(k::text), '') AS text FROM generate_series(1, 65536) k) t
            """,
            conversation);
        await ScalarAsync("UPDATE conversations SET deleted_at = now() - interval '25 hours' WHERE id = $1", conversation);
        var store = _host.Services.GetRequiredService<HousekeepingStore>();

        await store.DeleteGoneAsServiceAsync(hours: 24, limit: 100, Patience.Token);

        // Of 2 MiB of hexadecimal digits each, which are stored in less.
        Assert.That(await ScalarAsync("SELECT count(*) FROM messages WHERE conversation_id = $1", conversation), Is.InRange(1, 29));
        await TidyAsync();
        Assert.That(await ScalarAsync(CountAll, conversation), Is.Zero);
    }

    [Test]
    public async Task Keys_OldEnough_AreForgottenAndYoungOnesAreNot()
    {
        var conversation = await FilledAsync();
        await ScalarAsync(
            "UPDATE idempotency_keys SET created_at = now() - interval '49 hours' WHERE conversation_id = $1 AND key = 'old'", conversation);

        await TidyAsync();

        Assert.That(await ScalarAsync("SELECT count(*) FROM idempotency_keys WHERE conversation_id = $1 AND key = 'old'", conversation), Is.Zero);
        Assert.That(await ScalarAsync("SELECT count(*) FROM idempotency_keys WHERE conversation_id = $1", conversation), Is.EqualTo(1));
    }

    [Test]
    public async Task Checkpoints_OfEndedMessages_GoAndThoseOfStreamingOnesStay()
    {
        var conversation = await _client.CreateConversationAsync();
        await ScalarAsync(
            """
            WITH made AS (
                INSERT INTO messages (id, conversation_id, seq, role, content, status, attempt, created_at, updated_at)
                SELECT gen_random_uuid(), $1, 10 + n, 'assistant', '', CASE n WHEN 1 THEN 'streaming' ELSE 'interrupted' END, 1, now(), now()
                FROM generate_series(1, 3) n
                RETURNING id)
            INSERT INTO message_chunks (message_id, attempt, from_offset, text) SELECT id, 1, 0, 'text' FROM made
            """,
            conversation);

        await TidyAsync();

        Assert.That(
            await ScalarAsync("SELECT count(*) FROM message_chunks k JOIN messages m ON m.id = k.message_id WHERE m.conversation_id = $1", conversation),
            Is.EqualTo(1));
    }

    [Test]
    public async Task Turn_AnotherNodeHasIt_NothingIsDone()
    {
        var conversation = await FilledAsync();
        await ScalarAsync("UPDATE conversations SET deleted_at = now() - interval '25 hours' WHERE id = $1", conversation);
        await using var other = new NpgsqlConnection(_host.ConnectionString);
        await other.OpenAsync();
        await using (var take = new NpgsqlCommand("SELECT pg_advisory_lock(4860243019)", other))
        {
            await take.ExecuteNonQueryAsync();
        }

        var store = _host.Services.GetRequiredService<HousekeepingStore>();
        Assert.That(await store.DeleteGoneAsServiceAsync(hours: 24, limit: 100, Patience.Token), Is.Zero);
        await using (var giveBack = new NpgsqlCommand("SELECT pg_advisory_unlock(4860243019)", other))
        {
            await giveBack.ExecuteNonQueryAsync();
        }

        await TidyAsync();
        Assert.That(await ScalarAsync(CountAll, conversation), Is.Zero);
    }

    private Task TidyAsync() => _host.Services.GetServices<IHostedService>().OfType<Housekeeper>().Single().TidyAsync(Patience.Token);

    /// <summary>252 messages, two of them with keys, one of these called old.</summary>
    private async Task<Guid> FilledAsync()
    {
        var conversation = await _client.CreateConversationAsync();
        foreach (var key in (string[])["old", "young"])
        {
            await _client.SendAsync(conversation, new { role = "user", content = "Hello", run = false, client_message_id = key });
        }

        await ScalarAsync(Fill, conversation);
        return conversation;
    }

    private async Task<long> ScalarAsync(string sql, Guid conversation)
    {
        await using var connection = new NpgsqlConnection(_host.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = conversation } } };
        return await command.ExecuteScalarAsync(Patience.Token) is long count ? count : 0;
    }
}
