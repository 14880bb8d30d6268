using System.Text.Json;
using Conversation.Data.Log;

namespace Conversation.Api.Feed;

/// <summary>The dialect of the service that this one replaces, frame for frame; clients know no other types.</summary>
internal static class LegacyDialect
{
    private static readonly ReadOnlyMemory<byte>[] Nothing = [];
    private static readonly ReadOnlyMemory<byte> Connected = Frame("connected");
    private static readonly ReadOnlyMemory<byte> Complete = Frame("complete");

    public static ReadOnlyMemory<byte>[] Encode(FeedFrame frame) => frame switch
    {
        ReadyFrame => [Connected],
        DeltaFrame delta => [Stream(delta.Range.Text.Span)],
        EventFrame happened => Encode(happened.Entry.Row),
        _ => Nothing,
    };

    /// <summary>What a client sent as text comes back to it alone.</summary>
    public static ReadOnlyMemory<byte> Echo(string text) => Frame("echo", writer => writer.WriteString("content", text));

    private static ReadOnlyMemory<byte>[] Encode(EventRow row) => row.Type switch
    {
        EventTypes.MessageCreated when row.Message is { Deleted: false } message => [Frame("ack", writer =>
        {
            writer.WriteString("message_id", message.Id);
            writer.WriteString("role", message.Role);
        })],
        EventTypes.RunQueued when Data(row).GetProperty("waits").GetBoolean() => [Warn("run_queued")],
        EventTypes.RunNotice => [Notice(Data(row))],
        EventTypes.RunCompleted => [Complete],
        EventTypes.RunFailed when row.Run?.ErrorCode == RunErrorCodes.WorkerLost => [Warn("run_interrupted"), Complete],
        EventTypes.RunFailed => [Warn("run_failed"), Complete],
        EventTypes.RunCancelled => [Warn("run_cancelled"), Complete],
        _ => Nothing,
    };

    private static JsonElement Data(EventRow row) => JsonElement.Parse(row.Data ?? "{}");

    private static ReadOnlyMemory<byte> Notice(JsonElement data) => Frame(
        data.GetProperty("level").GetString()!, writer => writer.WriteString("message", data.GetProperty("code").GetString()));

    private static ReadOnlyMemory<byte> Warn(string code) => Frame("warn", writer => writer.WriteString("message", code));

    private static ReadOnlyMemory<byte> Stream(ReadOnlySpan<char> text) => FrameBuffer.Encode(text, static (writer, content) =>
    {
        writer.WriteStartObject();
        writer.WriteString("type", "stream");
        writer.WriteString("content", content);
        writer.WriteEndObject();
    });

    private static ReadOnlyMemory<byte> Frame(string type, Action<Utf8JsonWriter>? fields = null) => FrameBuffer.Encode(
        (type, fields),
        static (writer, frame) =>
        {
            writer.WriteStartObject();
            writer.WriteString("type", frame.type);
            frame.fields?.Invoke(writer);
            writer.WriteEndObject();
        });
}
