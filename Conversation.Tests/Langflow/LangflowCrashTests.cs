using System.Globalization;
using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Langflow;

/// <summary>The process that runs a flow is killed in the middle of its answer.</summary>
[TestFixture]
[Category("Long")]
internal sealed class LangflowCrashTests
{
    private const int Tokens = 400;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);

    private static readonly string Text = string.Concat(Enumerable.Range(1, Tokens).Select(Word));

    private FakeLangflow _fake = null!;

    [SetUp]
    public async Task StartAsync() => _fake = await FakeLangflow.StartAsync(LangflowProfile.V1Dot11);

    [TearDown]
    public async Task StopAsync() => await _fake.DisposeAsync();

    [TestCase("auto")]
    [TestCase("workflows")]
    public async Task Kill_WithAJob_TheSameMessageGoesOnToTheExactText(string api)
    {
        await using var nodes = await StartAsync(api);
        var scene = await PlayAsync(nodes, async () =>
        {
            var job = await _fake.NextJobAsync();
            await job.HeardAsync();
            return async (kill) =>
            {
                for (var i = 1; i <= Tokens; i++)
                {
                    job.Emit(job.Events.Token("m-1", Word(i)));
                    await kill(i);
                    await Task.Delay(Pace, TimeProvider.System, CancellationToken.None);
                }

                job.Emit(job.Events.Message("m-1", Text), job.Events.End(("m-1", Text)));
                job.End();
            };
        });

        Assert.That((scene.Content, scene.Status), Is.EqualTo((Text, "completed")));
        Assert.That(scene.SeenText, Is.EqualTo(Text));
        Assert.That(_fake.Jobs, Has.Count.EqualTo(1), "It is the same job.");
        Assert.That(_fake.Jobs.Single().Attached, Has.Count.GreaterThanOrEqualTo(2));
    }

    [Test]
    public async Task Kill_WithARun_EndsInterruptedAndLangflowSeesItsClientGo()
    {
        await using var nodes = await StartAsync("run");
        Func<int, Task>? kill = null;
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _fake.Flow = async run =>
        {
            await ready.Task.OrTimeout();
            for (var i = 1; i <= Tokens; i++)
            {
                await run.SendAsync(run.Events.Token("m-1", Word(i)));
                await kill!(i);
                await Task.Delay(Pace, TimeProvider.System, run.Token);
            }
        };
        FakeRun? begun = null;
        var scene = await PlayAsync(nodes, async () =>
        {
            begun = await _fake.NextRunAsync();
            return then =>
            {
                kill = then;
                ready.SetResult();
                return begun.Cancelled.OrTimeout();
            };
        });

        Assert.That(scene.Status, Is.EqualTo("interrupted"));
        Assert.That(Text, Does.StartWith(scene.Content));
        Assert.That((scene.Content.Length > 0, scene.SeenText), Is.EqualTo((true, scene.Content)));
        Assert.That(_fake.Count("POST /api/v1/run"), Is.EqualTo(1), "There is no silent second answer.");
    }

    private static string Word(int number) => string.Create(CultureInfo.InvariantCulture, $"word{number:D4} ");

    private Task<TwoNodes> StartAsync(string api) => TwoNodes.StartAsync(new()
    {
        ["LANGFLOW_RUNTIME_URL"] = _fake.Address.ToString(),
        ["CONVERSATION_SERVICE_LANGFLOW_API"] = api,
    });

    private static async Task<Scene> PlayAsync(TwoNodes nodes, Func<Task<Func<Func<int, Task>, Task>>> begin)
    {
        using var producer = nodes.Client(0);
        using var living = nodes.Client(1);
        var conversation = await producer.CreateConversationAsync(new { metadata_json = new { flow_id = FakeLangflow.FirstFlow } });
        var follower = new Wanderer(conversation, Door.Sse, living);
        var seeing = follower.SeeAsync(IsEnd);
        await producer.SayAsync(conversation, "Hello");
        var speak = await begin();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var killed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var speaking = speak(number =>
        {
            if (number != Tokens / 4)
            {
                return Task.CompletedTask;
            }

            // No more is said until the process is gone.
            reached.TrySetResult();
            return killed.Task.OrTimeout();
        });
        await reached.Task.OrTimeout();
        await follower.Began.Task.OrTimeout();
        await nodes.Nodes[0].KillAsync();
        killed.SetResult();
        await speaking.WaitAsync(Patience.Limit, TimeProvider.System);
        await seeing.WaitAsync(Patience.Limit * 2, TimeProvider.System);
        var stored = await living.MessagesAsync(conversation);
        Assert.That(stored, Has.Count.EqualTo(2));
        return new Scene(
            stored[1].GetProperty("content").GetString()!,
            stored[1].GetProperty("status").GetString()!,
            follower.Reader.TextOf(stored[1].GetProperty("id").GetString()!));
    }

    private static bool IsEnd(JsonElement frame) => LegacyClient.TypeOf(frame) is "run.completed" or "run.failed" or "run.cancelled";

    private sealed record Scene(string Content, string Status, string SeenText);
}
