using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.AgentRuns;

/// <summary>Whoever may write to a conversation may say how its simulated answer goes: no number costs more than the answer does.</summary>
[TestFixture]
internal sealed class SimulatedScriptTests : ConversationFixture
{
    [Test]
    public void LengthOf_AnyNumberOfWords_IsThatOfTheirText([Values(0, 1, 99_999, 100_000, 100_123, 1_000_001)] int words) =>
        Assert.That(SimulatedScript.LengthOf(words), Is.EqualTo(SimulatedScript.TextOf(words).Length));

    [Test]
    public async Task Pace_ListenerIsSlow_PiecesAreSaidInTimeAllTheSame()
    {
        var time = new JumpingTime();
        var pace = new SimulatedPace(TimeSpan.FromMilliseconds(40), time);
        var began = time.GetTimestamp();
        var said = new List<double> { Since(await pace.NextAsync(CancellationToken.None)) };
        time.Advance(TimeSpan.FromMilliseconds(100));
        for (var i = 0; i < 3; i++)
        {
            said.Add(Since(await pace.NextAsync(CancellationToken.None)));
        }

        Assert.That(said, Is.EqualTo(new[] { 40.0, 80, 120, 160 }));
        Assert.That(time.Waits.Select(wait => wait.TotalMilliseconds), Is.EqualTo(new[] { 40.0, 20 }));

        double Since(long at) => time.GetElapsedTime(began, at).TotalMilliseconds;
    }

    [TestCase("words=3&fails_after=2147483647")]
    [TestCase("words=3&hangs_after=2147483647")]
    [TestCase("words=3&words_per_piece=2147483647")]
    public async Task Script_OfHugeNumbers_IsAnsweredAsAnyOther(string agent)
    {
        var conversation = await Client.CreateConversationAsync(new { metadata_json = new { agent } });
        await using var socket = await LegacyClient.ConnectAsync(Client, conversation);
        await Client.SayAsync(conversation, "Hello");
        await socket.UntilAsync("complete");

        Assert.That((await Client.MessagesAsync(conversation))[1].GetProperty("content").GetString(), Is.EqualTo("word00001 word00002 word00003 "));
    }
}
