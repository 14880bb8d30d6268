using Conversation.Data;
using Conversation.Data.Postgres;
using Conversation.Data.Runs;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Conversation.Tests.AgentRuns;

/// <summary>A lease has run out only where its node could have renewed it, and one that was given up is nobody's.</summary>
[TestFixture]
internal sealed class ExpiredLeaseTests
{
    /// <summary>One active run, whose lease ends after $3 seconds.</summary>
    private const string Active =
        """
        WITH c AS (
            INSERT INTO conversations (id, owner_id, status, on_busy, last_seq, created_at, updated_at)
            VALUES ($1, $1, 'pending', 'enqueue', 3, now(), now())
        )
        INSERT INTO runs (id, conversation_id, seq, trigger_message_id, runtime, status, attempt, lease_owner, lease_until, queued_at)
        VALUES ($1, $1, 2, $1, 'simulated', 'running', 1, $2, now() + $3 * interval '1 second', now())
        """;

    private readonly Guid _owner = Guid.CreateVersion7();
    private Guid _run;
    private ServiceProvider _services = null!;

    private NpgsqlDataSource Source => _services.GetRequiredService<NpgsqlDataSource>();

    private RunRepository Runs => _services.GetRequiredService<RunRepository>();

    [SetUp]
    public async Task BeginAsync()
    {
        _run = Guid.CreateVersion7();
        _services = new ServiceCollection().AddLogging().AddConversationData(await TestPostgres.NewDatabaseAsync()).BuildServiceProvider();
    }

    [TearDown]
    public async Task EndAsync() => await _services.DisposeAsync();

    /// <summary>As CREATE INDEX holds it: everything may be read, nothing renewed.</summary>
    [Test]
    public async Task Expired_WhileNobodyCanRenew_IsNotAnswered()
    {
        await InsertAsync(leaseSeconds: -10);
        await using (var connection = await Source.OpenConnectionAsync(Patience.Token))
        {
            await using var holder = await connection.BeginTransactionAsync(Patience.Token);
            await using var hold = new NpgsqlCommand("LOCK TABLE runs IN SHARE MODE", connection);
            await hold.ExecuteNonQueryAsync(Patience.Token);

            Assert.That(RenewAsync, Throws.TypeOf<DatabaseUnavailableException>());
            Assert.That(ExpiredAsync, Throws.TypeOf<DatabaseUnavailableException>());
        }

        Assert.That(await ExpiredAsync(), Is.EqualTo(new[] { _run }));
    }

    [Test]
    public async Task Expired_SeenAgainAndAgain_ChangesNothing()
    {
        await InsertAsync(leaseSeconds: -10);
        var before = await VersionAsync();

        Assert.That(await ExpiredAsync(), Is.EqualTo(new[] { _run }));
        Assert.That(await ExpiredAsync(), Is.EqualTo(new[] { _run }));
        Assert.That(await VersionAsync(), Is.EqualTo(before));
    }

    /// <summary>The node that stops may still be at a renewal: whoever looks for the run would not find it.</summary>
    [Test]
    public async Task Release_BeforeARenewal_LeavesTheRunToWhoeverLooks()
    {
        await InsertAsync(leaseSeconds: 6);
        Assert.That(await RenewAsync(), Is.EqualTo(new[] { _run }));
        Assert.That(await ExpiredAsync(), Is.Empty);

        await Runs.ReleaseAsServiceAsync(_owner, _run, attempt: 1, Patience.Token);

        Assert.That(await RenewAsync(), Is.Empty);
        Assert.That(await ExpiredAsync(), Is.EqualTo(new[] { _run }));
        Assert.That(await Runs.DroppedAsServiceAsync([_run], Patience.Token), Is.Empty, "It has not ended.");
    }

    /// <summary>The same node may have lost it to itself: nobody would work on what the earlier attempt kept alive.</summary>
    [Test]
    public async Task Renew_OfAnotherAttempt_RenewsNothing([Values(0, 2)] int attempt)
    {
        await InsertAsync(leaseSeconds: 6);

        Assert.That(await RenewAsync(attempt), Is.Empty);
    }

    private Task<IEnumerable<Guid>> RenewAsync() => RenewAsync(attempt: 1);

    private async Task<IEnumerable<Guid>> RenewAsync(int attempt) =>
        (await Runs.RenewAsServiceAsync(_owner, [_run], [attempt], Patience.Token)).Select(run => run.Id);

    private async Task<IEnumerable<Guid>> ExpiredAsync() => (await Runs.ExpiredAsServiceAsync(10, Patience.Token)).Select(run => run.Id);

    private async Task InsertAsync(int leaseSeconds)
    {
        await using var command = Source.CreateCommand(Active);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = _run });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = _owner });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = leaseSeconds });
        await command.ExecuteNonQueryAsync(Patience.Token);
    }

    /// <summary>Where the row stands: a change would have made another one.</summary>
    private async Task<object?> VersionAsync()
    {
        await using var command = Source.CreateCommand("SELECT ctid::text FROM runs");
        return await command.ExecuteScalarAsync(Patience.Token);
    }
}
