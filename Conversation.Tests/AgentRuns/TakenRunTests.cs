using Conversation.Api.AgentRuns;
using Conversation.Api.Messages;
using Conversation.Data.Access;
using Conversation.Data.Log;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Conversation.Tests.AgentRuns;

/// <summary>What a commit gives a node is taken with it, whoever waits for its answer; and a lease is judged by who holds it.</summary>
[TestFixture]
internal sealed class TakenRunTests : RunFixture
{
    /// <summary>By the hand of nobody here, so that no renewal brings it back.</summary>
    private const string Expire = "UPDATE runs SET lease_until = now() - interval '1 minute', lease_owner = gen_random_uuid()";

    private const string Waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

    [Test]
    public async Task Send_SenderGoneBeforeTheCommit_IsAnsweredByTheFirstClaim()
    {
        var sender = Host.Services.GetRequiredService<MessageSender>();
        using var gone = new CancellationTokenSource();
        // Held until the sender is gone, so that the commit cannot come before.
        await using var holding = await Host.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(Patience.Token);
        await using var held = await holding.BeginTransactionAsync(Patience.Token);
        await using var hold = new NpgsqlCommand("SELECT FROM conversations WHERE id = $1 FOR UPDATE", holding) { Parameters = { Of(ConversationId) } };
        await hold.ExecuteNonQueryAsync(Patience.Token);

        var sending = sender.SendAsync(
            Caller.Service, ConversationId, new SendMessageRequest { Role = "user", Content = "Hello" }, key: null, gone.Token);
        // On its way by now: nothing else asks for that row.
        await WaitedForAsync(sending);
        await gone.CancelAsync();
        await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.That(sending.IsCanceled);
        await held.CommitAsync(Patience.Token);
        var script = await Runtime.NextRunAsync();
        script.Say("Hi");
        script.End();
        var (_, frames) = await FollowUntilAsync("run.completed");

        Assert.That(
            frames.Where(frame => LegacyClient.TypeOf(frame) is "run.queued" or "run.started").Select(LegacyClient.TypeOf),
            Is.EqualTo((string[])["run.queued", "run.started"]));
    }

    [Test]
    public async Task TakeOver_OfARunThatWasKeptOnMeanwhile_KeepsTheTokenOfItsText()
    {
        var run = await SayAsync("Hello");
        var script = await Runtime.NextRunAsync();
        script.Say("The text");
        await Socket.UntilAsync(frame => LegacyClient.TypeOf(frame) == "message.delta");
        var message = (await AnswerAsync()).GetProperty("id").GetGuid();
        await using var connection = await Host.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(Patience.Token);
        // Held until the take-over has set out: the service's own sweeper passes over what is held.
        await using var transaction = await connection.BeginTransactionAsync(Patience.Token);
        await using var expire = new NpgsqlCommand(Expire + ", resume_token = 'later', resume_offset = 8 WHERE id = $1", connection) { Parameters = { Of(run) } };
        await expire.ExecuteNonQueryAsync(Patience.Token);

        var taking = Host.Services.GetRequiredService<ConversationLog>().AppendAsync(
            new TakeOverRun
            {
                ConversationId = ConversationId,
                RunId = run,
                Attempt = 1,
                Claimant = Guid.CreateVersion7(),
                MessageId = message,
                Text = "The",
                ResumeToken = "earlier",
            },
            Patience.Token);
        await WaitedForAsync(taking);
        await transaction.CommitAsync(Patience.Token);
        var taken = await taking;

        Assert.That(taken?.Attempt, Is.EqualTo(2));
        Assert.That(
            await ExecuteAsync(run, "SELECT resume_token || ' ' || resume_offset FROM runs WHERE id = $1"), Is.EqualTo("earlier 3"));
        await ExecuteAsync(run, Expire + ", resume_token = NULL WHERE id = $1");
        await Socket.UntilAsync(frame => LegacyClient.TypeOf(frame) == "run.failed");
    }

    [Test]
    public void Lease_WhileNobodyCanRenew_BlamesNotTheRuntime()
    {
        var time = new JumpingTime();
        var idle = TimeSpan.FromMinutes(5);
        var lease = new RunLease(ConversationId, Guid.CreateVersion7(), attempt: 1, time.GetTimestamp(), time);

        time.Advance(TimeSpan.FromMinutes(6));
        Assert.That(lease.IsLate(idle, TimeSpan.FromMinutes(30)), Is.False, "not renewed");
        lease.Renewed(time.GetTimestamp());
        Assert.That(lease.IsLate(idle, TimeSpan.FromMinutes(30)), Is.False, "renewed again");
        for (var i = 0; i < 100; i++)
        {
            time.Advance(TimeSpan.FromSeconds(4));
            lease.Renewed(time.GetTimestamp());
        }

        Assert.That(lease.IsLate(idle, TimeSpan.FromMinutes(30)), Is.True, "renewed all the while");
        lease.Heard();
        Assert.That(lease.IsLate(idle, TimeSpan.FromMinutes(30)), Is.False, "heard");
        Assert.That(lease.IsLate(idle, TimeSpan.FromMinutes(1)), Is.True, "too old");
    }

    /// <summary>Waits until it waits for what the test holds.</summary>
    private async Task WaitedForAsync(Task task)
    {
        await using var command = Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(Waiting);
        for (var patience = Patience.Token; await command.ExecuteScalarAsync(patience) is 0L;)
        {
            Assert.That(task.IsCompleted, Is.False, "It does not wait.");
        }
    }

    private async Task<object?> ExecuteAsync(Guid run, string sql)
    {
        await using var command = Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
        command.Parameters.Add(Of(run));
        return await command.ExecuteScalarAsync(Patience.Token);
    }

    private static NpgsqlParameter<Guid> Of(Guid id) => new() { TypedValue = id };

    [Test]
    public void Lease_OfAProcessThatStoodStill_BlamesNoRuntime()
    {
        var time = new JumpingTime();
        var (idle, age) = (TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(30));
        var lease = new RunLease(ConversationId, Guid.CreateVersion7(), 1, time.GetTimestamp(), time);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.That(lease.IsLate(idle, age), Is.True, "silent");
        lease.Excuse(TimeSpan.FromSeconds(2));
        Assert.That(lease.IsLate(idle, age), Is.False, "for one of the three seconds it could have been heard");
        lease.Excuse(TimeSpan.FromMinutes(1));
        time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.That(lease.IsLate(idle, age), Is.False, "excused up to then");
        time.Advance(TimeSpan.FromSeconds(0.4));
        lease.Renewed(time.GetTimestamp());
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.That(lease.IsLate(idle, age), Is.True, "and not beyond");
    }
}
