using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.Feed;

/// <summary>However much text a reader has missed, it comes in frames that a slow link carries one by one.</summary>
[TestFixture]
internal sealed class LongRangeTests
{
    /// <summary>In UTF-16 code units.</summary>
    private const int LongestFrame = 64 * 1024;

    /// <summary>Every even offset is inside a pair, and so is every multiple of the longest frame.</summary>
    private static readonly string Text = "x" + string.Concat(Enumerable.Repeat("🙂", 100 * 1024));

    private readonly ScriptedRuntime _runtime = new();
    private ApiHost _host = null!;
    private ApiClient _client = null!;
    private Guid _conversation;
    private ScriptedRuntime.Script _run = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await ApiHost.StartAsync(services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(_runtime));
        _client = _host.AsUser();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client?.Dispose();
        await _host.DisposeAsync();
    }

    [SetUp]
    public async Task AskAsync()
    {
        _conversation = await _client.CreateConversationAsync();
        await _client.SayAsync(_conversation, "Hello");
        _run = await _runtime.NextRunAsync();
    }

    [Test]
    public async Task Text_WhileItIsGenerated_ComesWholeInShortFrames([Values] Door door)
    {
        _run.Say(Text);

        var (reader, lengths) = await ReadAsync(door, position: null, (_, text) => text.Length == Text.Length);

        Assert.That(reader.Messages.Keys.Select(reader.TextOf), Has.One.EqualTo(Text));
        Assert.That(lengths, Has.Count.GreaterThanOrEqualTo(4).And.All.InRange(1, LongestFrame));
        _run.End();
    }

    [Test]
    public async Task Text_ThatHasEnded_ComesWholeToAReaderWhoComesBackInTheMiddle([Values] Door door)
    {
        _run.Say(Text);
        var (reader, _) = await ReadAsync(door, position: null, (_, text) => text.Length > 0);
        _run.End();
        await ReadAsync(Door.Socket, position: null, (frame, _) => LegacyClient.TypeOf(frame) == "run.completed");

        var (_, lengths) = await ReadAsync(door, reader.Position, (frame, _) => LegacyClient.TypeOf(frame) == "run.completed", reader);

        Assert.That(lengths, Has.Count.GreaterThanOrEqualTo(3).And.All.InRange(1, LongestFrame));
    }

    /// <summary>Breaks off after each frame, while the text is generated and after its end.</summary>
    [Test]
    public async Task Text_ReadAFrameAtATime_ComesWhole([Values] bool hasEnded)
    {
        _run.Say(Text);
        var (reader, _) = await ReadAsync(Door.Socket, position: null, (_, text) => text.Length > 0);
        if (hasEnded)
        {
            _run.End();
        }

        for (var text = ""; text.Length < Text.Length;)
        {
            reader.Resume();
            await ReadAsync(Door.Sse, reader.Position, (frame, now) => (text = now).Length > 0 || LegacyClient.TypeOf(frame) == "run.completed", reader);
        }

        Assert.That(reader.Messages.Keys.Select(reader.TextOf), Has.One.EqualTo(Text));
        _run.End();
    }

    [Test]
    public async Task Text_AtTheLegacyDoor_ComesWholeInShortFrames()
    {
        await using var live = await LegacyClient.ConnectAsync(_client, _conversation, after: "0");
        _run.Say(Text);
        _run.End();
        var told = await live.UntilAsync("complete");
        await using var late = await LegacyClient.ConnectAsync(_client, _conversation, after: "0");
        var again = await late.UntilAsync("complete");

        Assert.Multiple(() =>
        {
            Assert.That(LegacyClient.TextOf(told), Is.EqualTo(Text));
            Assert.That(LegacyClient.TextOf(again), Is.EqualTo(Text));
            Assert.That(
                told.Concat(again).Where(frame => LegacyClient.TypeOf(frame) == "stream").Select(frame => frame.GetProperty("content").GetString()!.Length),
                Is.All.InRange(1, LongestFrame));
        });
    }

    private async Task<(V2Reader Reader, List<int> Lengths)> ReadAsync(
        Door door, string? position, Func<JsonElement, string, bool> isLast, V2Reader? reader = null)
    {
        reader ??= new V2Reader();
        var lengths = new List<int>();
        await foreach (var frame in _client.FollowAsync(door, _conversation, position, Patience.Token))
        {
            reader.Apply(frame);
            var text = "";
            if (LegacyClient.TypeOf(frame) == "message.delta")
            {
                var piece = frame.GetProperty("text").GetString()!;
                Assert.That(char.IsLowSurrogate(piece[0]) || char.IsHighSurrogate(piece[^1]), Is.False, "A pair was split.");
                lengths.Add(piece.Length);
                text = reader.TextOf(frame.GetProperty("message_id").GetString()!);
            }

            if (isLast(frame, text))
            {
                break;
            }
        }

        return (reader, lengths);
    }
}
