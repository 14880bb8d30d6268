using Conversation.Api.AgentRuns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace Conversation.Tests.AgentRuns;

/// <summary>More runs than there is room for: whoever has waited longest comes first, whoever's run it is.</summary>
[TestFixture(1)]
[TestFixture(5)]
internal sealed class QueueOrderTests(int concurrency) : RunFixture
{
    private readonly Queue<ScriptedRuntime.Script> _running = new();

    [SetUp]
    public async Task FillAsync()
    {
        await SayInNewAsync(concurrency);
        await StartedAsync(concurrency);
    }

    [TearDown]
    public void End() => EndAll();

    /// <summary>Neither the conversation whose run has just ended, nor the one that was there first.</summary>
    [Test]
    public async Task Queue_OfManyConversations_IsServedInTheOrderOfTheirSends()
    {
        var older = await Client.CreateConversationAsync();
        var newer = await Client.CreateConversationAsync();
        var ended = _running.Peek().Context.ConversationId;
        var order = new[] { newer, older, ended };
        foreach (var conversation in order)
        {
            await Client.SayAsync(conversation, "waits");
        }

        var served = new List<Guid>();
        while (served.Count < order.Length)
        {
            _running.Dequeue().End();
            served.AddRange(await StartedAsync(1));
        }

        Assert.That(served, Is.EqualTo(order));
    }

    /// <summary>Sends that come while there is room again do not overtake those that wait for it.</summary>
    [Test]
    public async Task Sends_AsRoomComes_AreServedAfterThoseThatWait()
    {
        const int Rounds = 20;
        var waiting = new Queue<Guid[]>();
        for (var i = 0; i < 4; i++)
        {
            waiting.Enqueue(await SayInNewAsync(concurrency));
        }

        for (var i = 0; i < Rounds; i++)
        {
            var late = SayInNewAsync(concurrency);
            EndAll();
            Assert.That(await StartedAsync(concurrency), Is.EquivalentTo(waiting.Dequeue()), $"Round {i}.");
            waiting.Enqueue(await late);
        }

        while (waiting.TryDequeue(out var last))
        {
            EndAll();
            Assert.That(await StartedAsync(concurrency), Is.EquivalentTo(last));
        }
    }

    [Test]
    [Category("Long")]
    public async Task Claim_OfALockedConversation_LeavesItsTurnToTheOthers()
    {
        var locked = (await SayInNewAsync(1))[0];
        var others = await SayInNewAsync(concurrency);
        await using var connection = new NpgsqlConnection(Host.ConnectionString);
        await connection.OpenAsync();
        await using (var holder = await connection.BeginTransactionAsync())
        {
            await using var hold = new NpgsqlCommand("SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE", connection, holder)
            {
                Parameters = { new NpgsqlParameter<Guid> { TypedValue = locked } },
            };
            await hold.ExecuteNonQueryAsync();
            EndAll();
            Assert.That(await StartedAsync(concurrency), Is.EquivalentTo(others));
        }

        EndAll();
        Assert.That(await StartedAsync(1), Is.EqualTo(new[] { locked }));
    }

    protected override void Configure(IServiceCollection services) =>
        services.Replace(ServiceDescriptor.Singleton(new RunOptions { Concurrency = concurrency }));

    /// <summary>In conversations of their own, all at once.</summary>
    private Task<Guid[]> SayInNewAsync(int count) => Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
    {
        var conversation = await Client.CreateConversationAsync();
        await Client.SayAsync(conversation, "Hello");
        return conversation;
    }));

    private async Task<Guid[]> StartedAsync(int count)
    {
        var started = new Guid[count];
        for (var i = 0; i < count; i++)
        {
            var script = await Runtime.NextRunAsync();
            _running.Enqueue(script);
            started[i] = script.Context.ConversationId;
        }

        return started;
    }

    private void EndAll()
    {
        while (_running.TryDequeue(out var script))
        {
            script.End();
        }
    }
}
