using System.Text.Json;
using Conversation.Api.Wire;
using Conversation.Data.Log;

namespace Conversation.Api.Feed;

/// <summary>The dialect <c>conversation.v2</c> (docs/protocol.md): every frame names its type and the position after it.</summary>
internal static class V2Dialect
{
    public const string SubProtocol = "conversation.v2";

    public static byte[] Encode(FeedFrame frame) => FrameBuffer.Encode(frame, Write);

    private static void Write(Utf8JsonWriter writer, FeedFrame frame)
    {
        writer.WriteStartObject();
        switch (frame)
        {
            case EventFrame happened:
                Write(writer, happened.Entry.Row);
                break;
            case DeltaFrame delta:
                Write(writer, delta.Range);
                break;
            case ReadyFrame ready:
                writer.WriteString("type", "subscription.ready");
                writer.WriteString("conversation_id", ready.ConversationId);
                writer.WriteNumber("head", ready.Head);
                break;
            case EndedFrame ended:
                writer.WriteString("type", "subscription.ended");
                writer.WriteString("conversation_id", ended.ConversationId);
                break;
            case HeartbeatFrame beat:
                WriteBeat(writer, beat);
                break;
            default:
                throw new InvalidOperationException($"The dialect has no word for {frame.GetType().Name}.");
        }

        writer.WriteString("position", frame.Position.ToString());
        writer.WriteEndObject();
    }

    private static void WriteBeat(Utf8JsonWriter writer, HeartbeatFrame beat)
    {
        writer.WriteString("type", "heartbeat");
        writer.WriteNumber("seq", beat.Head);
        writer.WriteStartArray("streaming");
        if (beat.Streaming is { MessageId: { } message } text)
        {
            writer.WriteStartObject();
            writer.WriteString("message_id", message);
            writer.WriteNumber("attempt", text.Attempt);
            writer.WriteNumber("offset", text.Offset);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, LiveRange range)
    {
        writer.WriteString("type", "message.delta");
        writer.WriteNumber("base", range.BaseSeq);
        writer.WriteString("message_id", range.MessageId);
        writer.WriteNumber("attempt", range.Attempt);
        if (range.Attempt > 1)
        {
            writer.WriteNumber("keep", Math.Min(range.Keep, range.From));
        }

        writer.WriteNumber("from", range.From);
        writer.WriteNumber("to", range.To);
        writer.WriteString("text", range.Text.Span);
    }

    private static void Write(Utf8JsonWriter writer, EventRow row)
    {
        writer.WriteString("type", row.Type);
        writer.WriteNumber("seq", row.Seq);
        writer.WriteString("at", row.At);
        writer.WriteString("conversation_id", row.ConversationId);
        if (row.RunId is { } run)
        {
            writer.WriteString("run_id", run);
        }

        if (row.Run is { } state && row.Type.StartsWith("run.", StringComparison.Ordinal))
        {
            if (row.Type != EventTypes.RunNotice)
            {
                writer.WritePropertyName("run");
                JsonSerializer.Serialize(writer, RunBody.From(state), WireJson.Options);
            }
        }
        else if (row.Message is { Deleted: true } deleted)
        {
            writer.WriteStartObject("message");
            writer.WriteString("id", deleted.Id);
            writer.WriteBoolean("deleted", true);
            writer.WriteEndObject();
        }
        else if (row.Message is { } message)
        {
            writer.WritePropertyName("message");
            JsonSerializer.Serialize(writer, MessageBody.From(message), WireJson.Options);
        }

        if (row.Data is { } data)
        {
            writer.WritePropertyName("data");
            writer.WriteRawValue(data, skipInputValidation: true);
        }
    }
}
