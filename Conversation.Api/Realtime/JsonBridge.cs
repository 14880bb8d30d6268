using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Conversation.Api.Wire;
using MessagePack;

namespace Conversation.Api.Realtime;

/// <summary>
/// JSON as MessagePack and back, value by value. (The library's own pair drops integers beyond 2^96, so that the map they stand in cannot be
/// read, and writes control characters into JSON as they are.)
/// </summary>
internal static class JsonBridge
{
    /// <summary>What clients send may be nested as deeply as a body may; a frame has some levels around it.</summary>
    private static readonly JsonDocumentOptions Nesting = new() { MaxDepth = 2 * WireJson.MaxDepth };

    public static void Write(ref MessagePackWriter writer, ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json, Nesting);
        Write(ref writer, document.RootElement);
    }

    /// <returns>UTF-8. What JSON has no word for is refused by an exception, which the protocol tells the caller.</returns>
    public static ReadOnlyMemory<byte> Read(ref MessagePackReader reader, MessagePackSerializerOptions options)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, WireJson.WriterOptions))
        {
            Read(ref reader, writer, options);
        }

        return json.WrittenMemory;
    }

    private static void Write(ref MessagePackWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteMapHeader(value.GetPropertyCount());
                foreach (var member in value.EnumerateObject())
                {
                    writer.Write(member.Name);
                    Write(ref writer, member.Value);
                }

                break;
            case JsonValueKind.Array:
                writer.WriteArrayHeader(value.GetArrayLength());
                foreach (var item in value.EnumerateArray())
                {
                    Write(ref writer, item);
                }

                break;
            case JsonValueKind.String:
                writer.Write(value.GetString());
                break;
            case JsonValueKind.Number:
                WriteNumber(ref writer, value);
                break;
            case JsonValueKind.True or JsonValueKind.False:
                writer.Write(value.GetBoolean());
                break;
            default:
                writer.WriteNil();
                break;
        }
    }

    /// <summary>MessagePack has integers of 64 bits and doubles; what fits neither becomes the nearest double.</summary>
    private static void WriteNumber(ref MessagePackWriter writer, JsonElement value)
    {
        if (value.TryGetInt64(out var signed))
        {
            writer.Write(signed);
        }
        else if (value.TryGetUInt64(out var unsigned))
        {
            writer.Write(unsigned);
        }
        else
        {
            writer.Write(value.GetDouble());
        }
    }

    private static void Read(ref MessagePackReader reader, Utf8JsonWriter writer, MessagePackSerializerOptions options)
    {
        switch (reader.NextMessagePackType)
        {
            case MessagePackType.Map:
                options.Security.DepthStep(ref reader);
                writer.WriteStartObject();
                for (var count = reader.ReadMapHeader(); count > 0; count--)
                {
                    writer.WritePropertyName(reader.ReadString() ?? throw new MessagePackSerializationException("A name is expected."));
                    Read(ref reader, writer, options);
                }

                writer.WriteEndObject();
                reader.Depth--;
                break;
            case MessagePackType.Array:
                options.Security.DepthStep(ref reader);
                writer.WriteStartArray();
                for (var count = reader.ReadArrayHeader(); count > 0; count--)
                {
                    Read(ref reader, writer, options);
                }

                writer.WriteEndArray();
                reader.Depth--;
                break;
            case MessagePackType.String:
                writer.WriteStringValue(reader.ReadString());
                break;
            case MessagePackType.Integer when reader.NextCode == MessagePackCode.UInt64:
                writer.WriteNumberValue(reader.ReadUInt64());
                break;
            case MessagePackType.Integer:
                writer.WriteNumberValue(reader.ReadInt64());
                break;
            case MessagePackType.Float when reader.NextCode == MessagePackCode.Float32:
                writer.WriteNumberValue(Finite(reader.ReadSingle()));
                break;
            case MessagePackType.Float:
                writer.WriteNumberValue(Finite(reader.ReadDouble()));
                break;
            case MessagePackType.Boolean:
                writer.WriteBooleanValue(reader.ReadBoolean());
                break;
            case MessagePackType.Nil:
                reader.ReadNil();
                writer.WriteNullValue();
                break;
            case MessagePackType.Binary:
                writer.WriteBase64StringValue((reader.ReadBytes() ?? default).ToArray());
                break;
            case MessagePackType.Extension:
                writer.WriteStringValue(reader.ReadDateTime().ToString("O", CultureInfo.InvariantCulture));
                break;
            default:
                throw new MessagePackSerializationException("It is not MessagePack.");
        }
    }

    private static T Finite<T>(T number)
        where T : System.Numerics.IFloatingPoint<T> =>
        T.IsFinite(number) ? number : throw new MessagePackSerializationException("JSON has no infinite numbers, and none that are not a number.");
}
