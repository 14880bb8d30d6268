using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Realtime;

/// <summary>The hub as the published JavaScript client sees it, under Node.</summary>
[TestFixture]
internal sealed class JavaScriptClientTests
{
    [Test]
    public async Task Walk_GroupAndFollow_SeeTheWholeAnswer()
    {
        await using var host = await ApiHost.StartAsync();
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();

        var seen = JsonElement.Parse(await NpmTools.RunAsync(
            "walk.mjs", new Uri(host.Address, $"{ApiClient.Root}/hubs/conversations").ToString(), client.Token!, conversation.ToString()));
        var stored = (await client.MessagesAsync(conversation)).Select(message => message.GetProperty("content").GetString());
        Assert.Multiple(() =>
        {
            Assert.That(seen.GetProperty("sent").GetProperty("content").GetString(), Is.EqualTo("Hello from Node 🙂"));
            Assert.That(V2Text.Apply(seen.GetProperty("pushed").EnumerateArray()).Values, Is.EquivalentTo(stored));
            Assert.That(V2Text.Apply(seen.GetProperty("followed").EnumerateArray()).Values, Is.EquivalentTo(stored));
        });
    }
}
