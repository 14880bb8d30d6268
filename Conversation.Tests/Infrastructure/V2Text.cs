using System.Text.Json;

namespace Conversation.Tests.Infrastructure;

/// <summary>What a client of the v2 dialect makes of its frames, by the rules of docs/protocol.md.</summary>
internal static class V2Text
{
    /// <summary>The text of every message. Fails on a gap.</summary>
    public static Dictionary<string, string> Apply(IEnumerable<JsonElement> frames)
    {
        var texts = new Dictionary<string, string>();
        foreach (var frame in frames)
        {
            if (LegacyClient.TypeOf(frame) == "message.delta")
            {
                var id = frame.GetProperty("message_id").GetString()!;
                texts[id] = Apply(texts.GetValueOrDefault(id, ""), frame);
            }
            else if (frame.TryGetProperty("message", out var message) && message.TryGetProperty("content", out var content)
                && message.GetProperty("status").GetString() != "streaming")
            {
                texts[message.GetProperty("id").GetString()!] = content.GetString()!;
            }
        }

        return texts;
    }

    public static IEnumerable<long> Seqs(IEnumerable<JsonElement> frames) =>
        frames.Where(frame => frame.TryGetProperty("seq", out _) && LegacyClient.TypeOf(frame) != "heartbeat").Select(frame => frame.GetProperty("seq").GetInt64());

    private static string Apply(string have, JsonElement delta)
    {
        var from = delta.GetProperty("from").GetInt32();
        var to = delta.GetProperty("to").GetInt32();
        Assert.That(from, Is.LessThanOrEqualTo(have.Length), "A range begins beyond the text: something was lost.");
        return to <= have.Length ? have : have + delta.GetProperty("text").GetString()![(have.Length - from)..];
    }
}
