using System.Buffers;
using System.Text;
using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Api.Wire;
using Conversation.Data.Log;

namespace Conversation.Api.AgentRuns;

/// <summary>The events that runs write, with their data.</summary>
internal static class RunEvents
{
    /// <summary>The longest input or output of a tool that the log keeps, in UTF-16 code units; longer ones are left out.</summary>
    private const int LongestToolText = 64 * 1024;

    public static RunEvent MessageStarted { get; } = new(EventTypes.MessageStarted, OfMessage: true);

    public static RunEvent MessageCompleted { get; } = new(EventTypes.MessageCompleted, OfMessage: true);

    /// <summary>The end of an answer that differs from what was shown of it.</summary>
    public static RunEvent MessageRewritten { get; } = new(EventTypes.MessageCompleted, """{"rewritten": true}""", OfMessage: true);

    public static RunEvent MessageInterrupted { get; } = new(EventTypes.MessageInterrupted, OfMessage: true);

    public static RunEvent Queued { get; } = new(EventTypes.RunQueued, """{"waits": true}""");

    public static RunEvent Of(Notice notice) => new(EventTypes.RunNotice, Data(("level", notice.Level), ("code", notice.Code)));

    public static RunEvent Of(ToolStarted tool) => new(
        EventTypes.ToolStarted, Data(("id", tool.Id), ("name", tool.Name)).With("input", tool.Input));

    public static RunEvent Of(ToolCompleted tool) => new(
        EventTypes.ToolCompleted,
        (tool.Error is null ? Data(("id", tool.Id), ("name", tool.Name)) : Data(("id", tool.Id), ("name", tool.Name), ("error", tool.Error)))
            .With("output", tool.Output));

    private static string Data(params ReadOnlySpan<(string Name, string Value)> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        using (var writer = new Utf8JsonWriter(buffer, WireJson.WriterOptions))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in fields)
            {
                writer.WriteString(name, TextSanitizer.Whole(value));
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The object with one more member, which is JSON already; without it where there is none, or one that cannot be stored.</summary>
    private static string With(this string data, string name, string? json) =>
        json is null or { Length: > LongestToolText } || !StorableJson.IsStorable(json) ? data : $"{data[..^1]},\"{name}\":{json}}}";
}
