using Conversation.Api.AgentRuntimes;
using Conversation.Api.Feed;
using Conversation.Data.Log;
using Conversation.Tests.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Moq;
using Npgsql;

namespace Conversation.Tests.Nodes;

/// <summary>Two nodes on PostgreSQL alone: what one commits, the followers of the other see.</summary>
[TestFixture]
internal sealed class CrossNodeTests
{
    private readonly ScriptedRuntime _runtime = new();
    private readonly string _token = TestTokens.User(Guid.CreateVersion7());
    private ApiHost _one = null!;
    private ApiHost _two = null!;
    private ApiClient _onOne = null!;
    private ApiClient _onTwo = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _one = await ApiHost.StartAsync(services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(_runtime));
        _two = await ApiHost.StartAsync(connectionString: _one.ConnectionString);
        _onOne = _one.As(_token);
        _onTwo = _two.As(_token);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _onOne.Dispose();
        _onTwo.Dispose();
        await _two.DisposeAsync();
        await _one.DisposeAsync();
    }

    /// <summary>Each page of twenty: one that found the node already reading the text, for another, would have it by chance.</summary>
    [Test]
    public async Task Page_OfAnAnswerThatAnotherNodeMakes_HasItsTextSoFar()
    {
        var conversation = await _onOne.CreateConversationAsync();
        await _onOne.SayAsync(conversation, "Hello");
        var run = await _runtime.NextRunAsync();
        run.Say("so far ");
        for (var patience = Patience.Token; ; patience.ThrowIfCancellationRequested())
        {
            var messages = await _onTwo.MessagesAsync(conversation);
            if (messages.Count == 2 && messages[1].GetProperty("content").GetString() == "so far ")
            {
                break;
            }
        }

        for (var i = 0; i < 20; i++)
        {
            var page = await _onTwo.GetAsync($"/conversations/{conversation}/events");
            Assert.That(page.EnumerateArray().Last().TryGetProperty("text", out var text) ? text.GetString() : null, Is.EqualTo("so far "));
        }

        run.End();
    }

    [Test]
    public async Task Follower_MovingBetweenNodesInMidAnswer_EndsExactWithLegacyBesideIt()
    {
        var conversation = await _onOne.CreateConversationAsync();
        await using var legacy = await LegacyClient.ConnectAsync(_onTwo, conversation);
        await legacy.NextAsync();
        await _onOne.SayAsync(conversation, "Hello");
        var run = await _runtime.NextRunAsync();
        var reader = new V2Reader();
        var written = "";
        for (var i = 0; i < 12; i++)
        {
            var piece = $"piece {i} 🙂 ";
            written += piece;
            run.Say(piece);
            var client = i % 2 == 0 ? _onTwo : _onOne;
            await foreach (var frame in client.FollowAsync((Door)(i % 3), conversation, reader.Position, Patience.Token))
            {
                reader.Apply(frame);
                if (reader.Messages.Keys.Any(id => reader.TextOf(id) == written))
                {
                    break;
                }
            }
        }

        run.End();
        await foreach (var frame in _onTwo.FollowAsync(Door.Socket, conversation, reader.Position, Patience.Token))
        {
            reader.Apply(frame);
            if (LegacyClient.TypeOf(frame) == "run.completed")
            {
                break;
            }
        }

        var answer = (await _onTwo.MessagesAsync(conversation))[1];
        var seen = LegacyClient.Merged(await legacy.UntilAsync("complete"));
        Assert.Multiple(() =>
        {
            Assert.That(answer.GetProperty("content").GetString(), Is.EqualTo(written));
            Assert.That(reader.TextOf(answer.GetProperty("id").GetString()!), Is.EqualTo(written));
            Assert.That(seen[^2..], Is.EqualTo(new[] { $"stream: {written}", """{"type":"complete"}""" }));
        });
    }

    [Test]
    public async Task LateJoiner_OnTheOtherNode_GetsTheTextSoFarAsOneRange()
    {
        var conversation = await _onOne.CreateConversationAsync();
        await using var near = await LegacyClient.ConnectAsync(_onOne, conversation);
        await _onOne.SayAsync(conversation, "Hello");
        var run = await _runtime.NextRunAsync();
        for (var i = 0; i < 50; i++)
        {
            run.Say($"{i} ");
        }

        await near.UntilAsync("stream");
        await using var early = await LegacyClient.ConnectAsync(_onTwo, conversation);
        var before = "";
        while (!before.EndsWith("49 ", StringComparison.Ordinal))
        {
            before += LegacyClient.TextOf([(await early.NextAsync())!.Value]);
        }

        await using var late = await LegacyClient.ConnectAsync(_onTwo, conversation);
        await late.NextAsync();
        var first = (await late.NextAsync())!.Value;
        run.End();

        Assert.That(first.GetProperty("content").GetString(), Is.EqualTo(before));
    }

    [Test]
    public async Task Listener_ConnectionKilled_DeliveryResumesByItself()
    {
        var conversation = await _onOne.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(_onTwo, conversation);
        await socket.NextAsync();

        for (var i = 0; i < 3; i++)
        {
            Assert.That(await KillListenersAsync(), Is.GreaterThan(0), "There was no listener to kill: the test proves nothing.");
            await _onOne.SendAsync(conversation, new { role = "system", content = "x" });
            Assert.That(LegacyClient.TypeOf((await socket.NextAsync())!.Value), Is.EqualTo("ack"));
            await ListeningAsync();
        }
    }

    [Test]
    public async Task Hints_AllDropped_NothingIsLost()
    {
        var silent = new Mock<IFeedBus>();
        await using var deaf = await ApiHost.StartAsync(
            connectionString: _one.ConnectionString,
            services: services =>
            {
                services.Replace(ServiceDescriptor.Singleton(silent.Object));
                services.RemoveAll<ICommitListener>().AddSingleton<ICommitListener>(provider => provider.GetRequiredService<LogTail>());
                services.Remove(services.Single(service => service.ImplementationType == typeof(PostgresBusListener)));
            });
        using var onDeaf = deaf.As(_token);
        // Long enough for text to be kept, and told of, on the way.
        var conversation = await onDeaf.CreateConversationAsync(new { metadata_json = new { agent = "words=200&pace_ms=4" } });
        await using var here = await V2Socket.ConnectAsync(_onTwo, conversation, position: null);
        await using var there = await V2Socket.ConnectAsync(onDeaf, conversation, position: null);

        // Nobody tells the second node of what the deaf one commits, nor the deaf one of the second's.
        await onDeaf.SayAsync(conversation, "Hello");
        await here.UntilAsync(frame => LegacyClient.TypeOf(frame) == "run.completed");
        await _onTwo.SayAsync(conversation, "Hello again");
        var completed = 0;
        await there.UntilAsync(frame => LegacyClient.TypeOf(frame) == "run.completed" && ++completed == 2);

        silent.Verify(bus => bus.Publish(It.IsAny<IReadOnlyCollection<Guid>>()), Times.AtLeastOnce);
    }

    [Test]
    public async Task Appends_FromBothNodesAtOnce_TakeDenseNumbers()
    {
        var conversation = await _onOne.CreateConversationAsync();

        await Parallel.ForEachAsync(Enumerable.Range(0, 600), new ParallelOptions { MaxDegreeOfParallelism = 24 }, async (i, _) =>
            await (i % 2 == 0 ? _onOne : _onTwo).SendAsync(conversation, new { role = "system", content = $"{i}" }));

        var seqs = (await _onOne.MessagesAsync(conversation)).Select(message => message.GetProperty("seq").GetInt64());
        Assert.That(seqs, Is.EqualTo(Enumerable.Range(1, 600)));
    }

    private async Task<int> KillListenersAsync() => await CountAsync(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()");

    private async Task ListeningAsync()
    {
        const string Listening = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()";
        for (var patience = Patience.Token; await CountAsync(Listening) < 2; patience.ThrowIfCancellationRequested())
        {
        }
    }

    private async Task<int> CountAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_one.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (int)(long)(await command.ExecuteScalarAsync(Patience.Token))!;
    }
}
