using System.Text.Json;

namespace Conversation.Tests.Infrastructure;

/// <summary>
/// A client of the v2 dialect that drops off and comes back, at whichever door: it keeps its position, its events and its texts, and
/// fails at the first hole or double.
/// </summary>
internal sealed class V2Reader
{
    private readonly Dictionary<string, (string Text, int Attempt)> _texts = [];
    private readonly Dictionary<string, JsonElement> _messages = [];

    /// <summary>Texts that came since the last resume: from here on each range is the next one.</summary>
    private readonly HashSet<string> _inStep = [];

    public string? Position { get; private set; }

    public long Seq { get; private set; }

    public IReadOnlyDictionary<string, JsonElement> Messages => _messages;

    public string TextOf(string message) => _texts.GetValueOrDefault(message).Text ?? "";

    /// <summary>It comes back with its position: the first range of a text may begin with what it has.</summary>
    public void Resume() => _inStep.Clear();

    public void Apply(JsonElement frame)
    {
        var type = LegacyClient.TypeOf(frame);
        if (type is "subscription.ready" or "heartbeat" or "reply" or "error")
        {
            return;
        }

        if (type == "message.delta")
        {
            ApplyDelta(frame);
        }
        else
        {
            ApplyEvent(type, frame);
        }

        Position = frame.GetProperty("position").GetString();
    }

    private void ApplyEvent(string type, JsonElement frame)
    {
        var seq = frame.GetProperty("seq").GetInt64();
        Assert.That(seq, Is.EqualTo(Seq + 1), "An event was lost, or came twice.");
        Seq = seq;
        if (!frame.TryGetProperty("message", out var message))
        {
            return;
        }

        var id = message.GetProperty("id").GetString()!;
        _messages[id] = message.Clone();
        if (message.TryGetProperty("content", out var content) && message.GetProperty("status").GetString() != "streaming")
        {
            if (type is "message.completed" or "message.interrupted")
            {
                Assert.That(TextOf(id), Is.EqualTo(content.GetString()), "The end came before all of the text.");
            }

            _texts[id] = (content.GetString()!, 1);
        }
    }

    private void ApplyDelta(JsonElement delta)
    {
        var id = delta.GetProperty("message_id").GetString()!;
        var from = delta.GetProperty("from").GetInt32();
        var to = delta.GetProperty("to").GetInt32();
        var (text, attempt) = _texts.GetValueOrDefault(id, ("", 1));
        var have = text ?? "";
        var next = delta.GetProperty("attempt").GetInt32();
        var isInStep = !_inStep.Add(id);
        if (next < attempt)
        {
            Assert.That(isInStep, Is.False, "Text of an attempt came that was told of as over.");
            return;
        }

        if (next > attempt)
        {
            have = have[..Math.Min(have.Length, delta.GetProperty("keep").GetInt32())];
            _texts[id] = (have, next);
        }

        Assert.That(from, Is.LessThanOrEqualTo(have.Length), "Text was lost.");
        Assert.That(isInStep && from < have.Length, Is.False, "Text came twice.");
        if (to <= have.Length)
        {
            return;
        }

        _texts[id] = (have + delta.GetProperty("text").GetString()![(have.Length - from)..], next);
    }
}
