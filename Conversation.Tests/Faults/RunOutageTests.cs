using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Faults;

/// <summary>PostgreSQL stops answering, or goes away and comes back, while answers are being made on two nodes.</summary>
[TestFixture]
[Category("Long")]
internal sealed class RunOutageTests
{
    private const int Words = 900;
    private const int Runs = 6;

    private PrivatePostgres _postgres = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _postgres = await PrivatePostgres.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _postgres.DisposeAsync();

    [TestCase(5)]
    [TestCase(15)]
    public Task Postgres_PausedInMidAnswer_CostsNoRun(int seconds) => SurvivesAsync(() => _postgres.PauseAsync(TimeSpan.FromSeconds(seconds)));

    [Test]
    public Task Postgres_RestartedInMidAnswer_CostsNoRun() => SurvivesAsync(_postgres.RestartAsync);

    private async Task SurvivesAsync(Func<Task> fault)
    {
        await using var nodes = await TwoNodes.StartAsync(connectionString: _postgres.ConnectionString);
        using var one = nodes.Client(0);
        using var two = nodes.Client(1);
        var scenes = await Task.WhenAll(Enumerable.Range(0, Runs).Select(async i =>
        {
            var (near, far) = i % 2 == 0 ? (one, two) : (two, one);
            var conversation = await near.CreateConversationAsync(new { metadata_json = new { agent = $"words={Words}&pace_ms=4" } });
            var follower = new Wanderer(conversation, (Door)(i % 3), far, near);
            var seeing = follower.SeeAsync(frame => LegacyClient.TypeOf(frame) is "run.completed" or "run.failed");
            await near.SayAsync(conversation, "Hello");
            await follower.Began.Task.OrTimeout();
            return (Conversation: conversation, Follower: follower, Seeing: seeing);
        }));

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
