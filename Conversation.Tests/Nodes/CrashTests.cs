using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Nodes;

/// <summary>The process that writes an answer dies, stops or freezes in the middle of it; followers are on both nodes.</summary>
[TestFixture]
[Category("Long")]
internal sealed class CrashTests
{
    private const int Words = 1000;
    private const int PaceMs = 5;

    /// <summary>Before which word the fault comes: the rest takes seconds.</summary>
    private const int LatestWord = 240;

    private const string Resuming = "words=1000&pace_ms=5&resumes=true";

    /// <summary>It cannot end before the fault, however late that is.</summary>
    private const string Plain = "words=1000&pace_ms=5&hangs_after=999";

    private const string Kept =
        """
        SELECT coalesce(string_agg(k.text, '' ORDER BY k.from_offset), '')
        FROM message_chunks k
        JOIN messages m ON m.id = k.message_id AND m.attempt = k.attempt
        WHERE m.conversation_id = $1
        """;

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
            scene.IsToldInTime("run.started", times: 2);
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
            scene.IsToldInTime("message.interrupted", times: 1);
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
        scene.IsToldInTime("run.started", times: 2);
    }

    [TestCase(Resuming)]
    [TestCase(Plain)]
    public async Task Zombie_WakingAfterItsLease_ChangesNothing(string script)
    {
        var scene = await PlayAsync(script, seed: 300, async told =>
        {
            await _nodes.Nodes[0].SignalAsync("STOP");
            // It wakes when the others have been told, and before they have seen the end.
            await told.OrTimeout();
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
    /// <param name="script">The answer's.</param>
    /// <param name="seed">Of the moment.</param>
    /// <param name="fault">Given what ends when a follower of the living node was told.</param>
    private async Task<CrashScene> PlayAsync(string script, int seed, Func<Task, Task> fault)
    {
        var length = new Random(seed).Next(1, LatestWord) * SimulatedScript.Word(1).Length;
        var clock = Stopwatch.StartNew();
        await using var beat = new Beat(clock);
        using var producer = _nodes.Client(0);
        using var living = _nodes.Client(1);
        var conversation = await producer.CreateConversationAsync(new { metadata_json = new { agent = script } });
        await using var legacy = await LegacyClient.ConnectAsync(living, conversation);
        await legacy.NextAsync();
        var shown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var starts = 0;
        var first = new Wanderer(conversation, Door.Hub, living) { Clock = clock, Seen = See };
        var followers = new[] { Door.Hub, Door.Socket, Door.Sse }
            .SelectMany(door => new[]
            {
                door == Door.Hub ? first : new Wanderer(conversation, door, living) { Clock = clock },
                new Wanderer(conversation, door, producer, living) { Clock = clock },
            })
            .ToArray();
        var seeing = followers.Select(follower => follower.SeeAsync(IsEnd)).ToArray();
        // A follower that connects while it is answered would take of the time that the fault has.
        await Task.WhenAll(followers.Select(follower => follower.Ready.Task)).OrTimeout();
        await producer.SayAsync(conversation, "Hello");
        await Task.WhenAll([shown.Task, .. followers.Select(follower => follower.Began.Task)]).OrTimeout();
        var kept = await KeptAsync(conversation);
        var at = clock.Elapsed;
        await fault(told.Task);
        await Task.WhenAll(seeing).WaitAsync(Patience.Limit * 2, TimeProvider.System);
        var seen = await legacy.UntilAsync("complete");
        var stored = await living.MessagesAsync(conversation);
        var run = (await living.GetAsync($"/conversations/{conversation}/runs"))[0];
        if (_nodes.Nodes[0].Process.HasExited)
        {
            await _nodes.ReviveAsync(0);
        }

        return new CrashScene(stored, run.GetProperty("attempt").GetInt32(), followers, seen, kept, at, beat);

        void See(JsonElement frame)
        {
            var type = LegacyClient.TypeOf(frame);
            if (type == "message.delta" && frame.GetProperty("to").GetInt32() >= length)
            {
                shown.TrySetResult();
            }
            else if (type == "run.failed" || (type == "run.started" && ++starts == 2))
            {
                told.TrySetResult();
            }
        }
    }

    /// <summary>What the database has of the answer that is being made.</summary>
    private async Task<string> KeptAsync(Guid conversation)
    {
        await using var connection = new NpgsqlConnection(_nodes.ConnectionString);
        await connection.OpenAsync(Patience.Token);
        await using var command = new NpgsqlCommand(Kept, connection) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = conversation } } };
        return (string)(await command.ExecuteScalarAsync(Patience.Token))!;
    }

    private static bool IsEnd(JsonElement frame) => LegacyClient.TypeOf(frame) is "run.completed" or "run.failed" or "run.cancelled";

    private sealed record CrashScene(
        List<JsonElement> Stored, int Attempt, Wanderer[] Followers, List<JsonElement> Legacy, string KeptBefore, TimeSpan At, Beat Beat)
    {
        public int Shown => Followers.Max(follower => follower.Shown);

        /// <summary>How soon after the fault the last follower of the living node was told, and that it was the fault which it was told of.</summary>
        /// <param name="type">By which event, the last of its type.</param>
        /// <param name="times">How many of it there are in all.</param>
        public void IsToldInTime(string type, int times)
        {
            var told = Followers.Where((_, i) => i % 2 == 0)
                .Select(follower => follower.Times.Where(entry => entry.Key.Type == type).Select(entry => entry.Value).ToList())
                .ToList();
            Assert.That(told, Is.All.Count.EqualTo(times));
            var last = told.Max(all => all.Max());
            Assert.That(last - At, Is.GreaterThan(TimeSpan.Zero).And.LessThan(Told + Beat.LongestStall(At, last)));
        }

        public async Task AnswerIsWholeAsync()
        {
            var text = await AnswerIsSeenByAllAsync("completed");
            Assert.That(text, Is.EqualTo(SimulatedScript.TextOf(Words)));
            Assert.That(Attempt, Is.EqualTo(2), "Begun, and gone on with.");
            Assert.That(LegacyClient.TextOf(Legacy), Is.EqualTo(text));
        }

        public async Task<int> AnswerIsInterruptedAsync()
        {
            var text = await AnswerIsSeenByAllAsync("interrupted");
            Assert.That(SimulatedScript.TextOf(Words), Does.StartWith(text));
            Assert.That(text, Does.StartWith(KeptBefore), "What was kept before the fault.");
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
