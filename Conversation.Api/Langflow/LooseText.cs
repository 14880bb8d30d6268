using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Conversation.Api.Wire;

namespace Conversation.Api.Langflow;

/// <summary>
/// Reads JSON strings as they come: Python writes half surrogate pairs, which System.Text.Json refuses. They are kept here and mended
/// where the text is put together.
/// </summary>
internal static class LooseText
{
    /// <summary>The text of a string token, null for any other.</summary>
    public static string? Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            return null;
        }

        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return Unescape(Encoding.UTF8.GetString(reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan));
        }
    }

    /// <summary>The text of a string, null for anything else.</summary>
    public static string? Read(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return Unescape(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(element)[1..^1]));
        }
    }

    /// <summary>The text of a property that is a string, null where there is none.</summary>
    public static string? Text(this JsonElement element, string name) => element.Get(name) is { } value ? Read(value) : null;

    /// <summary>A property of an object that is neither missing nor null.</summary>
    public static JsonElement? Get(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    /// <summary>The items of a property that is a list, none where it is not.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.Get(name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    /// <summary>The text as it can be stored: NUL and half pairs become U+FFFD.</summary>
    public static string Mended(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');

    /// <summary>The same for every text in a document, written without needless escapes.</summary>
    public static string Mended(JsonElement element)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, WireJson.WriterOptions))
        {
            Write(writer, element);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in element.EnumerateObject())
                {
                    writer.WritePropertyName(Mended(Unescape(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8PropertyName(member)))));
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(Mended(Read(element)!));
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    /// <summary>The inside of a valid JSON string without its escapes.</summary>
    private static string Unescape(string inside)
    {
        var text = new StringBuilder(inside.Length);
        for (var i = 0; i < inside.Length; i++)
        {
            if (inside[i] != '\\')
            {
                text.Append(inside[i]);
                continue;
            }

            var escape = inside[++i];
            if (escape == 'u')
            {
                text.Append((char)ushort.Parse(inside.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 4;
            }
            else
            {
                text.Append(escape switch
                {
                    'b' => '\b',
                    'f' => '\f',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    _ => escape,
                });
            }
        }

        return text.ToString();
    }
}
