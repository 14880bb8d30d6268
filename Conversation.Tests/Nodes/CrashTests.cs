using System.Globalization;
using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Nodes;

/// <summary>The process that writes an answer dies, stops or freezes in the middle of it; followers are on both nodes.</summary>
[TestFixture]
[Category("Long")]
internal sealed class CrashTests
{
    private const int Words = 400;
    private const int PaceMs = 5;
    private const string Resuming = "words=400&pace_ms=5&resumes=true";
    private const string Plain = "words=400&pace_ms=5";

    /// <summary>How soon everyone who lives must be told.</summary>
    private static readonly TimeSpan Told = TimeSpan.FromSeconds(10);

    /// <summary>How much text may be gone with its process: what is younger than the last checkpoint.</summary>
    private static readonly TimeSpan Unkept = TimeSpan.FromMilliseconds(150);

    private TwoNodes _nodes = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _nodes = await TwoNodes.StartAsync(new() { ["CONVERSATION_SERVICE_DRAIN_SECONDS"] = "1" });

    [OneTimeTearDown]
    public async Task StopAsync() => await _nodes.DisposeAsync();

    [TestCase(3, TestName = "Kill_OfTheProducer_ResumableInShort_GoesOnToTheExactText")]
    [TestCase(20, TestName = "Kill_OfTheProducer_ResumableInFull_GoesOnToTheExactText", Category = "Full")]
    public async Task Kill_OfTheProducer_ResumableGoesOnToTheExactText(int times)
    {
        for (var i = 0; i < times; i++)
        {
            var scene = await PlayAsync(Resuming, seed: i, _ => _nodes.Nodes[0].KillAsync());
            await scene.AnswerIsWholeAsync();
            Assert.That(scene.ToldAfter("run.started"), Is.LessThan(Told));
        }
    }

    [TestCase(3, TestName = "Kill_OfTheProducer_PlainInShort_EndsInterruptedWithWhatWasKept")]
    [TestCase(20, TestName = "Kill_OfTheProducer_PlainInFull_EndsInterruptedWithWhatWasKept", Category = "Full")]
    public async Task Kill_OfTheProducer_PlainEndsInterruptedWithWhatWasKept(int times)
    {
        var lost = new List<TimeSpan>();
        for (var i = 0; i < times; i++)
        {
            var scene = await PlayAsync(Plain, seed: 100 + i, _ => _nodes.Nodes[0].KillAsync());
            var kept = await scene.AnswerIsInterruptedAsync();
            Assert.That(scene.ToldAfter("message.interrupted"), Is.LessThan(Told));
            lost.Add(TimeSpan.FromMilliseconds((scene.Shown - kept) / SimulatedScript.Word(1).Length * PaceMs));
        }

        // Of one alone the disk decides as well: a checkpoint is kept when it is committed.
        Assert.That(lost.Order().ElementAt(times / 2), Is.LessThanOrEqualTo(Unkept), string.Join(", ", lost));
    }

    [Test]
    public async Task Stop_WithoutTimeToEnd_HandsTheAnswerOver()
    {
        var scene = await PlayAsync(Resuming, seed: 200, _ => _nodes.Nodes[0].StopAsync());
        await scene.AnswerIsWholeAsync();
        Assert.That(scene.ToldAfter("run.started"), Is.LessThan(Told));
    }

    [TestCase(Resuming)]
    [TestCase(Plain)]
    public async Task Zombie_WakingAfterItsLease_ChangesNothing(string script)
    {
        var scene = await PlayAsync(script, seed: 300, async living =>
        {
            await _nodes.Nodes[0].SignalAsync("STOP");
            // It wakes when the others have been told, and before they have seen the end.
            var type = script == Resuming ? "run.started" : "run.failed";
            while (living.Times.Keys.Count(key => key.Type == type) < (script == Resuming ? 2 : 1))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
            }

            await _nodes.Nodes[0].SignalAsync("CONT");
        });
        if (script == Resuming)
        {
            await scene.AnswerIsWholeAsync();
        }
        else
        {
            await scene.AnswerIsInterruptedAsync();
        }
    }

    /// <summary>An answer, followers at every door of both nodes, and a fault at some moment of it.</summary>
    private async Task<CrashScene> PlayAsync(string script, int seed, Func<Wanderer, Task> fault)
    {
        var random = new Random(seed);
        using var producer = _nodes.Client(0);
        using var living = _nodes.Client(1);
        var conversation = await producer.CreateConversationAsync(new { metadata_json = new { agent = script } });
        await using var legacy = await LegacyClient.ConnectAsync(living, conversation);
        var followers = new[] { Door.Hub, Door.Socket, Door.Sse }
            .SelectMany(door => new[] { new Wanderer(conversation, door, living), new Wanderer(conversation, door, producer, living) })
            .ToArray();
        var seeing = followers.Select(follower => follower.SeeAsync(IsEnd)).ToArray();
        await producer.SayAsync(conversation, "Hello");
        await Task.WhenAll(followers.Select(follower => follower.Began.Task)).OrTimeout();
        // The fault comes at a random moment of the answer, which takes two seconds.
        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1200)), TimeProvider.System, CancellationToken.None);
        var at = followers[0].Now;
        await fault(followers[0]);
        await Task.WhenAll(seeing).WaitAsync(Patience.Limit * 2, TimeProvider.System);
        var seen = await legacy.UntilAsync("complete");
        var stored = await living.MessagesAsync(conversation);
        if (_nodes.Nodes[0].Process.HasExited)
        {
            await _nodes.ReviveAsync(0);
        }

        return new CrashScene(stored, followers, seen, at);
    }

    private static bool IsEnd(JsonElement frame) => LegacyClient.TypeOf(frame) is "run.completed" or "run.failed" or "run.cancelled";

    private sealed record CrashScene(List<JsonElement> Stored, Wanderer[] Followers, List<JsonElement> Legacy, TimeSpan At)
    {
        public int Shown => Followers.Max(follower => follower.Shown);

        /// <summary>How long after the fault the last follower of the living node was told.</summary>
        public TimeSpan ToldAfter(string type) => Followers.Where((_, i) => i % 2 == 0).Max(follower =>
            follower.Times.Where(entry => entry.Key.Type == type).Max(entry => entry.Value)) - At;

        public async Task AnswerIsWholeAsync()
        {
            var text = await AnswerIsSeenByAllAsync("completed");
            Assert.That(text, Is.EqualTo(SimulatedScript.TextOf(Words)));
            Assert.That(LegacyClient.TextOf(Legacy), Is.EqualTo(text));
        }

        public async Task<int> AnswerIsInterruptedAsync()
        {
            var text = await AnswerIsSeenByAllAsync("interrupted");
            Assert.That(SimulatedScript.TextOf(Words), Does.StartWith(text));
            return text.Length;
        }

        private async Task<string> AnswerIsSeenByAllAsync(string status)
        {
            Assert.That(Stored, Has.Count.EqualTo(2), "There is one answer, and only one.");
            Assert.That(Stored[1].GetProperty("status").GetString(), Is.EqualTo(status));
            var text = Stored[1].GetProperty("content").GetString()!;
            foreach (var follower in Followers)
            {
                Assert.That(follower.Reader.TextOf(Stored[1].GetProperty("id").GetString()!), Is.EqualTo(text));
            }

            await TestContext.Out.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"{status}: {text.Length} units stored, {Shown} shown, told {Followers[0].Times.Values.Max() - At} after the fault."));
            return text;
        }
    }
}
