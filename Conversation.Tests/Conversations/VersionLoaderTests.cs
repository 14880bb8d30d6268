using System.Diagnostics;
using Conversation.Data;
using Conversation.Data.Access;
using Conversation.Data.Conversations;
using Conversation.Data.Postgres;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Conversation.Tests.Conversations;

/// <summary>Many ask for versions at once; a lock on the table holds the statement that is on its way.</summary>
[TestFixture]
internal sealed class VersionLoaderTests
{
    private string _database = "";
    private ServiceProvider _services = null!;
    private NpgsqlConnection _other = null!;

    private VersionLoader Versions => _services.GetRequiredService<VersionLoader>();

    [SetUp]
    public async Task StartAsync()
    {
        _database = await TestPostgres.NewDatabaseAsync();
        _services = new ServiceCollection().AddLogging().AddConversationData(_database).BuildServiceProvider();
        _other = new NpgsqlConnection(_database);
        await _other.OpenAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _other.DisposeAsync();
        await _services.DisposeAsync();
    }

    [Test]
    public async Task Find_TwentyWhileOneIsOnItsWay_TakesOneStatementMore()
    {
        var ids = await ConversationsAsync(20);
        using var looks = new LookCount();
        await using var held = await _other.BeginTransactionAsync();
        await ExecuteAsync("LOCK TABLE conversations");
        var first = Versions.FindAsync(Caller.Service, ids[0], Patience.Token);
        await WaitingAsync();
        var rest = ids.Select(id => Versions.FindAsync(Caller.Service, id, Patience.Token)).ToArray();
        await held.CommitAsync();

        var found = await Task.WhenAll([first, .. rest]).OrTimeout();

        Assert.That(found.Select(version => version?.Id), Is.EqualTo(new Guid?[] { ids[0] }.Concat(ids.Select(id => (Guid?)id))));
        Assert.That(looks.Count, Is.EqualTo(2));
    }

    [Test]
    public async Task Find_StatementCutOff_FailsThoseWhoWaitAndNobodyAfterThem()
    {
        var id = (await ConversationsAsync(1))[0];
        await using (var held = await _other.BeginTransactionAsync())
        {
            await ExecuteAsync("LOCK TABLE conversations");
            var asked = Versions.FindAsync(Caller.Service, id, Patience.Token);
            await WaitingAsync();
            await ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");

            Assert.That(async () => await asked.OrTimeout(), Throws.TypeOf<DatabaseUnavailableException>());
        }

        Assert.That(await Versions.FindAsync(Caller.Service, id, Patience.Token).OrTimeout(), Is.Not.Null);
    }

    [Test]
    public async Task Find_OutOfReachDeletedOrUnknown_IsNothing()
    {
        var ids = await ConversationsAsync(2);
        await ExecuteAsync($"UPDATE conversations SET deleted_at = now() WHERE id = '{ids[1]}'");
        var stranger = new Caller("user:x", Guid.CreateVersion7(), null);

        Assert.That(await Versions.FindAsync(stranger, ids[0], Patience.Token), Is.Null);
        Assert.That(await Versions.FindAsync(Caller.Service, ids[1], Patience.Token), Is.Null);
        Assert.That(await Versions.FindAsync(Caller.Service, Guid.CreateVersion7(), Patience.Token), Is.Null);
    }

    private async Task<Guid[]> ConversationsAsync(int count)
    {
        var ids = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).ToArray();
        foreach (var id in ids)
        {
            await ExecuteAsync(
                $"""
                INSERT INTO conversations (id, owner_id, title, status, on_busy, last_seq, created_at, updated_at)
                VALUES ('{id}', '{id}', 'Test', 'active', 'enqueue', 0, now(), now())
                """);
        }

        return ids;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _other);
        await command.ExecuteNonQueryAsync();
    }

    private async Task WaitingAsync()
    {
        await using var command = new NpgsqlCommand(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'", _other);
        for (var patience = Patience.Token; (long)(await command.ExecuteScalarAsync())! == 0; patience.ThrowIfCancellationRequested())
        {
            // Within a transaction what was seen of others' work is kept.
            await ExecuteAsync("SELECT pg_stat_clear_snapshot()");
        }
    }

    /// <summary>Counts the looks of this test's flow by Npgsql's spans.</summary>
    private sealed class LookCount : IDisposable
    {
        private readonly Activity _test = new Activity("test").Start();
        private readonly ActivityListener _listener;
        private int _count;

        public LookCount()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == "Npgsql",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = span =>
                {
                    if (span.TraceId == _test.TraceId && span.GetTagItem("db.query.text") is string sql && sql.Contains("ANY(", StringComparison.Ordinal))
                    {
                        Interlocked.Increment(ref _count);
                    }
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public int Count => _count;

        public void Dispose()
        {
            _listener.Dispose();
            _test.Dispose();
        }
    }
}
