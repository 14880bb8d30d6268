using Conversation.Api.Housekeeping;
using Conversation.Data.Housekeeping;
using Conversation.Data.Postgres;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Conversation.Tests.Housekeeping;

/// <summary>Tidying up and looking are never worth the node: whatever the database says of them, it serves on.</summary>
[TestFixture]
internal sealed class FailingDatabaseTests
{
    private const int CannotTidy = 700;
    private const int CannotLook = 710;
    private const int LoopBroke = 400;

    /// <summary>Errors that are no outage for everything but checkpoints, of which one is left over.</summary>
    private const string Spoil =
        """
        ALTER TABLE runs RENAME COLUMN queued_at TO renamed;
        ALTER TABLE conversations RENAME COLUMN deleted_at TO renamed;
        ALTER TABLE idempotency_keys RENAME COLUMN created_at TO renamed;
        WITH made AS (
            INSERT INTO conversations (id, owner_id, title, status, on_busy, session_id, last_seq, created_at, updated_at)
            VALUES (gen_random_uuid(), gen_random_uuid(), 'Test', 'pending', 'enqueue', gen_random_uuid(), 1, now(), now())
            RETURNING id),
        said AS (
            INSERT INTO messages (id, conversation_id, seq, role, content, status, attempt, created_at, updated_at)
            SELECT gen_random_uuid(), id, 1, 'assistant', '', 'interrupted', 1, now(), now() FROM made
            RETURNING id)
        INSERT INTO message_chunks (message_id, attempt, from_offset, text) SELECT id, 1, 0, 'text' FROM said;
        """;

    private readonly LogRecorder _log = new();
    private NpgsqlDataSource _spoilt = null!;
    private ApiHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _spoilt = NpgsqlDataSource.Create(await TestPostgres.NewDatabaseAsync());
        await using (var spoil = _spoilt.CreateCommand(Spoil))
        {
            await spoil.ExecuteNonQueryAsync(Patience.Token);
        }

        _host = await ApiHost.StartAsync(services: services => services
            .AddSingleton<ILoggerProvider>(_log)
            .AddSingleton(new HousekeepingStore(new DbSession(_spoilt)))
            .AddSingleton(new HousekeepingOptions { LookInterval = TimeSpan.FromMilliseconds(20), Interval = TimeSpan.FromHours(1) }));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _host.DisposeAsync();
        await _spoilt.DisposeAsync();
        _log.Dispose();
    }

    [Test]
    public async Task Watch_ErrorThatIsNoOutage_LooksAgain()
    {
        await _log.UntilAsync(lines => lines.Count(line => line.EventId == CannotLook) > 1 || lines.Any(line => line.EventId == LoopBroke));

        Assert.That(_log.Lines.Select(line => line.EventId), Has.None.EqualTo(LoopBroke));
    }

    [Test]
    public async Task Tidy_ErrorThatIsNoOutage_HoldsUpNothingElse()
    {
        await _host.Services.GetServices<IHostedService>().OfType<Housekeeper>().Single().TidyAsync(Patience.Token);

        await using var left = _spoilt.CreateCommand("SELECT count(*) FROM message_chunks");
        Assert.That(await left.ExecuteScalarAsync(Patience.Token), Is.Zero);
        Assert.That(_log.Lines.Count(line => line.EventId == CannotTidy), Is.EqualTo(2));
    }
}
