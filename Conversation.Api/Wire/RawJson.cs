using System.Text.Json;
using System.Text.Json.Serialization;

namespace Conversation.Api.Wire;

/// <summary>A JSON object that passes through as it was sent: key order, numbers and duplicates included, line breaks excepted.</summary>
/// <param name="Text">The object's text, valid JSON.</param>
[JsonConverter(typeof(RawJsonConverter))]
public readonly record struct RawJson(string Text)
{
    /// <summary>The same, null for null.</summary>
    /// <param name="text">Valid JSON, or null.</param>
    public static RawJson? From(string? text) => text is null ? null : new RawJson(text);
}

internal sealed class RawJsonConverter : JsonConverter<RawJson>
{
    public override RawJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("A JSON object is expected.");
        }

        var check = reader;
        while (check.Read() && check.CurrentDepth > reader.CurrentDepth)
        {
            if (check.CurrentDepth - reader.CurrentDepth > StorableJson.MaxDepth)
            {
                throw new JsonException($"Objects may be nested {StorableJson.MaxDepth} levels deep.");
            }

            // Decoding finds what PostgreSQL or a client cannot hold: broken UTF-8, lone surrogates, NUL.
            if (check.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && !WellFormedText.IsWellFormed(ref check))
            {
                throw new JsonException(WellFormedText.Complaint);
            }
        }

        using var document = JsonDocument.ParseValue(ref reader);
        return new RawJson(document.RootElement.GetRawText());
    }

    /// <summary>
    /// On one line, as server-sent events and JSON lines need it. A line break can only stand between two tokens: inside a string it is
    /// written as an escape (RFC 8259, section 7).
    /// </summary>
    public override void Write(Utf8JsonWriter writer, RawJson value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Text.Replace('\n', ' ').Replace('\r', ' '), skipInputValidation: true);
}
