using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Langflow;

/// <summary>
/// What frames and rows tell, a line each: everything but what differs from run to run, which is ids, times, and how the text was cut
/// into pieces. That the numbers have no hole, and that the text is whole before its end, is checked on the way.
/// </summary>
internal static class Told
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static List<string> Of(IEnumerable<JsonElement> frames)
    {
        var told = new List<string>();
        var reader = new V2Reader();
        Range? range = null;
        foreach (var frame in frames.Where(frame => LegacyClient.TypeOf(frame) is not ("subscription.ready" or "heartbeat")))
        {
            reader.Apply(frame);
            var type = LegacyClient.TypeOf(frame);
            if (type == "message.delta")
            {
                var next = Range.Of(frame);
                if (range?.Attempt == next.Attempt)
                {
                    Assert.That(next.From, Is.EqualTo(range.From + range.Text.Length));
                    range = range with { Text = range.Text + next.Text };
                    continue;
                }

                Tell(range);
                range = next;
                continue;
            }

            Tell(range);
            range = null;
            told.Add(Event(type, frame));
            if (type == "message.started" && Text(frame.GetProperty("message"), "status") != "streaming")
            {
                // Who came late to it may be told the whole message at once.
                range = new Range(0, 1, null, Text(frame.GetProperty("message"), "content"));
            }
        }

        return told;

        void Tell(Range? whole)
        {
            if (whole is not null)
            {
                told.Add(whole.ToString());
            }
        }
    }

    /// <summary>A message: its state, why it ended, its text, its metadata.</summary>
    public static string Message(JsonElement message) =>
        $"{Text(message, "status")} {Text(message, "finish_reason")}: {Text(message, "content")}{Text(message, "metadata_json")}";

    /// <summary>A run: its runtime, its state and why it failed.</summary>
    public static string Run(JsonElement run) => string.Join(' ', new[] { "runtime", "status", "cancel_outcome", "error_code", "error_detail" }
        .Select(name => Text(run, name)).Where(text => text.Length > 0));

    private static string Event(string type, JsonElement frame) => type switch
    {
        // Earlier events may tell the latest state already.
        "run.queued" or "run.started" or "run.cancelling" => type,
        "message.started" => $"{type} {Text(frame.GetProperty("message"), "metadata_json")}".TrimEnd(),
        _ when frame.TryGetProperty("message", out var message) => $"{type} {Message(message)}",
        _ when frame.TryGetProperty("run", out var run) => $"{type} {Run(run)}",
        _ => $"{type} {JsonSerializer.Serialize(frame.GetProperty("data"), Relaxed)}",
    };

    private static string Text(JsonElement row, string name) => row.GetProperty(name).ToString();

    /// <summary>Neighbouring pieces of a message's text, put together.</summary>
    private sealed record Range(int From, int Attempt, int? Keep, string Text)
    {
        public static Range Of(JsonElement delta) => new(
            delta.GetProperty("from").GetInt32(),
            delta.GetProperty("attempt").GetInt32(),
            delta.TryGetProperty("keep", out var keep) ? keep.GetInt32() : null,
            delta.GetProperty("text").GetString()!);

        public override string ToString() =>
            $"message.delta {From}{(Attempt > 1 ? $" attempt {Attempt} keeps {Keep}" : "")}: {Text}";
    }
}
