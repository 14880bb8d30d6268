using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Realtime;

/// <summary>A reader that fails at a frame would fail at it again each time it comes back.</summary>
[TestFixture]
internal sealed class DeepMetadataTests : ConversationFixture
{
    private const int Deepest = 32;

    [Test]
    public async Task Metadata_AsDeepAsMayBe_IsReadAtEveryDoor([Values] Door door)
    {
        await Client.SendAsync(ConversationId, new { role = "system", content = "x", metadata_json = Nested(Deepest) });

        await foreach (var frame in Client.FollowAsync(door, ConversationId, position: null, Patience.Token))
        {
            if (frame.TryGetProperty("message", out var message))
            {
                Assert.That(Depth(message.GetProperty("metadata_json")), Is.EqualTo(Deepest));
                break;
            }
        }
    }

    private static Dictionary<string, object> Nested(int levels) => new() { ["a"] = levels == 1 ? 1 : Nested(levels - 1) };

    private static int Depth(JsonElement element) => element.ValueKind == JsonValueKind.Object ? 1 + Depth(element.GetProperty("a")) : 0;
}
