using System.Diagnostics;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Faults;

/// <summary>PostgreSQL stops answering, goes away and comes back, or commits slowly, while answers are being made on two nodes.</summary>
[TestFixture]
[Category("Long")]
internal sealed class RunOutageTests
{
    /// <summary>Answers of 8 s or more: they are still being made when the fault comes.</summary>
    private const int Words = 2000;
    private const int Runs = 6;

    private PrivatePostgres _postgres = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _postgres = await PrivatePostgres.StartAsync(isDurable: true);

    [OneTimeTearDown]
    public async Task StopAsync() => await _postgres.DisposeAsync();

    [TestCase(5)]
    [TestCase(15)]
    public Task Postgres_PausedInMidAnswer_CostsNoRun(int seconds) => SurvivesAsync(() => _postgres.PauseAsync(TimeSpan.FromSeconds(seconds)));

    [Test]
    public Task Postgres_RestartedInMidAnswer_CostsNoRun() => SurvivesAsync(_postgres.RestartAsync);

    /// <summary>A checkpoint holds its runs for a tenth of a second then, and the next one follows it.</summary>
    [Test]
    public async Task Commits_SlowForLongerThanALease_LetEachLeaseBeRenewed()
    {
        await _postgres.SetAsync("commit_siblings = 0");
        try
        {
            await SurvivesAsync(
                async () =>
                {
                    await _postgres.SetAsync("commit_delay = 100000");
                    Assert.That(await ShortestLeaseAsync(TimeSpan.FromSeconds(10)), Is.GreaterThan(TimeSpan.Zero));
                },
                paceMs: 8);
        }
        finally
        {
            await _postgres.SetAsync("commit_delay = 0");
        }
    }

    /// <summary>How long the lease next to its end would have lasted yet, at the worst moment of a time.</summary>
    private async Task<TimeSpan> ShortestLeaseAsync(TimeSpan watched)
    {
        await using var connection = new NpgsqlConnection(_postgres.ConnectionString);
        await connection.OpenAsync(Patience.Token);
        await using var command = new NpgsqlCommand("SELECT min(lease_until - clock_timestamp()) FROM runs WHERE status = 'running'", connection);
        var shortest = TimeSpan.MaxValue;
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < watched;)
        {
            var left = (TimeSpan)(await command.ExecuteScalarAsync(Patience.Token))!;
            shortest = left < shortest ? left : shortest;
        }

        return shortest;
    }

    private async Task<long> RunningAsync()
    {
        await using var connection = new NpgsqlConnection(_postgres.ConnectionString);
        await connection.OpenAsync(Patience.Token);
        await using var command = new NpgsqlCommand("SELECT count(*) FROM runs WHERE status = 'running'", connection);
        return (long)(await command.ExecuteScalarAsync(Patience.Token))!;
    }

    private async Task SurvivesAsync(Func<Task> fault, int paceMs = 4)
    {
        await using var nodes = await TwoNodes.StartAsync(connectionString: _postgres.ConnectionString);
        using var one = nodes.Client(0);
        using var two = nodes.Client(1);
        var scenes = await Task.WhenAll(Enumerable.Range(0, Runs).Select(async i =>
        {
            var (near, far) = i % 2 == 0 ? (one, two) : (two, one);
            var conversation = await near.CreateConversationAsync(new { metadata_json = new { agent = $"words={Words}&pace_ms={paceMs}" } });
            var follower = new Wanderer(conversation, (Door)(i % 3), far, near);
            var seeing = follower.SeeAsync(frame => LegacyClient.TypeOf(frame) is "run.completed" or "run.failed");
            await near.SayAsync(conversation, "Hello");
            await follower.Began.Task.OrTimeout();
            return (Conversation: conversation, Follower: follower, Seeing: seeing);
        }));

        Assert.That(await RunningAsync(), Is.EqualTo(Runs), "Some answers were over before the fault: the test proves nothing.");
        await fault();
        await Task.WhenAll(scenes.Select(scene => scene.Seeing)).WaitAsync(Patience.Limit * 2, TimeProvider.System);

        foreach (var (conversation, follower, _) in scenes)
        {
            var messages = await one.MessagesAsync(conversation);
            var run = (await one.GetAsync($"/conversations/{conversation}/runs"))[0];
            Assert.That(messages, Has.Count.EqualTo(2));
            Assert.That((run.GetProperty("status").GetString(), run.GetProperty("attempt").GetInt32()), Is.EqualTo(("completed", 1)));
            Assert.That(messages[1].GetProperty("content").GetString(), Is.EqualTo(SimulatedScript.TextOf(Words)));
            Assert.That(follower.Reader.TextOf(messages[1].GetProperty("id").GetString()!), Is.EqualTo(SimulatedScript.TextOf(Words)));
        }
    }
}
