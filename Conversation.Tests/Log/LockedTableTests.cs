using Conversation.Data;
using Conversation.Data.Access;
using Conversation.Data.Log;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Conversation.Tests.Log;

/// <summary>What is set aside for a lock goes on when the lock is gone, and what needs no lock is not set aside.</summary>
[TestFixture]
internal sealed class LockedTableTests
{
    private ServiceProvider _services = null!;
    private NpgsqlConnection _holding = null!;

    private LogCommitter Committer => _services.GetRequiredService<LogCommitter>();

    [SetUp]
    public async Task BeginAsync()
    {
        _services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddMetrics()
            .AddConversationData(await TestPostgres.NewDatabaseAsync()).BuildServiceProvider();
        _holding = await _services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(Patience.Token);
    }

    [TearDown]
    public async Task EndAsync()
    {
        await _holding.DisposeAsync();
        await _services.DisposeAsync();
    }

    /// <summary>As CREATE INDEX holds it, or, so that nobody can even ask, ALTER TABLE.</summary>
    [TestCase("SHARE")]
    [TestCase("ACCESS EXCLUSIVE")]
    public async Task Create_WhileTheTableIsHeld_IsMadeAfterwards(string mode)
    {
        var create = Creation(out _);
        await using (await HoldAsync($"LOCK TABLE conversations IN {mode} MODE"))
        {
            await Committer.CommitAsync([create]);
            Assert.That(Committer.HasParked, "It was not held up: the test proves nothing.");
            Assert.That(create.Answer.IsCompleted, Is.False);
        }

        await Committer.CommitParkedAsync();

        Assert.That(Committer.HasParked, Is.False);
        Assert.That(await create.Answer.OrTimeout(), Is.Not.Null);
    }

    /// <summary>Else each of a batch would find out alone, a quarter of a second each, and everybody's writes behind it.</summary>
    [TestCase("SHARE")]
    [TestCase("ACCESS EXCLUSIVE")]
    public async Task Free_WhileTheTableIsHeld_IsNobody(string mode)
    {
        var create = Creation(out var conversation);
        await Committer.CommitAsync([create]);
        await using var connection = new LogConnection(_services.GetRequiredService<NpgsqlDataSource>());
        Assert.That(await connection.FreeAsync([conversation], Patience.Token), Is.EqualTo([conversation]));

        await using (await HoldAsync($"LOCK TABLE conversations IN {mode} MODE"))
        {
            var held = await Assert.ThrowsAsync<PostgresException>(() => connection.FreeAsync([conversation], Patience.Token));
            Assert.That(held!.SqlState, Is.EqualTo(PostgresErrorCodes.LockNotAvailable));
        }
    }

    /// <summary>What is not there is held by nobody.</summary>
    [Test]
    public async Task Append_ToNoConversationBesideOneThatIsHeld_IsToldAtOnce()
    {
        var create = Creation(out var conversation);
        await Committer.CommitAsync([create]);
        var held = Message(conversation);
        var lost = Message(Guid.CreateVersion7());
        await using (await HoldAsync("SELECT FROM conversations FOR UPDATE"))
        {
            await Committer.CommitAsync([held, lost]);

            Assert.That((held.Answer.IsCompleted, lost.Answer.IsCompleted), Is.EqualTo((false, true)));
            Assert.That(await lost.Answer, Is.Null);
        }

        await Committer.CommitParkedAsync();
        Assert.That((await held.Answer.OrTimeout())?.Outcome, Is.EqualTo(AppendOutcome.Stored));
    }

    [Test]
    public async Task Append_ToNoConversationWhileNobodyCanAsk_IsToldAfterwards()
    {
        var lost = Message(Guid.CreateVersion7());
        await using (await HoldAsync("LOCK TABLE conversations IN ACCESS EXCLUSIVE MODE"))
        {
            await Committer.CommitAsync([lost]);
            Assert.That(lost.Answer.IsCompleted, Is.False);
        }

        await Committer.CommitParkedAsync();

        Assert.That(Committer.HasParked, Is.False);
        Assert.That(await lost.Answer.OrTimeout(), Is.Null);
    }

    /// <returns>What holds it, until it is disposed.</returns>
    private async Task<NpgsqlTransaction> HoldAsync(string sql)
    {
        var transaction = await _holding.BeginTransactionAsync(Patience.Token);
        await using var command = new NpgsqlCommand(sql, _holding);
        await command.ExecuteNonQueryAsync(Patience.Token);
        return transaction;
    }

    private static LogItem<CreatedConversation> Creation(out Guid conversation)
    {
        conversation = Guid.CreateVersion7();
        return new CreateConversation { ConversationId = conversation }.ToItem();
    }

    private static LogItem<AppendedMessage> Message(Guid conversation) => new AppendMessage
    {
        ConversationId = conversation,
        Caller = Caller.Service,
        MessageId = Guid.CreateVersion7(),
        Role = "system",
        Content = "text",
    }.ToItem();
}
