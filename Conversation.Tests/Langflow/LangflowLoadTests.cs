using System.Diagnostics;
using System.Globalization;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Langflow;

/// <summary>Many flows at once.</summary>
[TestFixture]
[Category("Long")]
internal sealed class LangflowLoadTests
{
    private const int Runs = 200;
    private const int Chunks = 75;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(40);

    [Test]
    public async Task Runs_TwoHundredAtOnce_AreCompleteAndInOrder()
    {
        await using var walk = await LangflowWalk.StartAsync(LangflowProfile.V1Dot8);
        var step = new string('s', 10 * 1024);
        var number = 0;
        walk.Fake.Flow = async run =>
        {
            // One in twenty ends with five megabytes.
            var padding = Interlocked.Increment(ref number) % 20 == 0 ? new string('x', 5 * 1024 * 1024) : "";
            await run.SendAsync(run.Events.User("Hello"), run.Events.Message("m-1", "", partial: true));
            for (var i = 0; i < Chunks; i++)
            {
                await run.SendAsync(run.Events.Token("m-1", Piece(i)));
                if (i % 25 == 24)
                {
                    await run.SendAsync(run.Events.Message("tool", "", partial: true, tools: [FakeEvents.Tool("search", new { step }, step)]));
                }

                await Task.Delay(Pace, TimeProvider.System, run.Token);
            }

            await run.SendAsync(run.Events.End(padding, ("m-1", Whole)));
        };
        var clock = Stopwatch.StartNew();

        var seen = await Task.WhenAll(Enumerable.Range(0, Runs).Select(_ => OneAsync(walk)));

        await TestContext.Out.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{Runs} runs of {Chunks} chunks took {clock.Elapsed.TotalSeconds:F1} s; at best it is {Chunks * Pace.TotalSeconds:F1} s."));
        Assert.That(seen, Is.All.EqualTo((Whole, Whole)));
    }

    private static string Whole => string.Concat(Enumerable.Range(0, Chunks).Select(Piece));

    private static string Piece(int number) => string.Create(CultureInfo.InvariantCulture, $"piece{number:D3} ");

    private static async Task<(string Streamed, string Stored)> OneAsync(LangflowWalk walk)
    {
        var conversation = await walk.Client.CreateConversationAsync(new { metadata_json = new { flow_id = FakeLangflow.FirstFlow } });
        await using var socket = await LegacyClient.ConnectAsync(walk.Client, conversation);
        await walk.Client.SayAsync(conversation, "Hello");
        using var patience = new CancellationTokenSource(2 * Patience.Limit);
        var frames = await socket.UntilAsync("complete", patience.Token);
        return (LegacyClient.TextOf(frames), (await walk.Client.MessagesAsync(conversation))[1].GetProperty("content").GetString()!);
    }
}
