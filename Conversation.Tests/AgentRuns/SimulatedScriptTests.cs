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
