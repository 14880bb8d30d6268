using System.Text.Json;
using System.Text.Json.Serialization;

namespace Conversation.Api.Wire;

/// <summary>
/// Text that every part of the way can hold: no NUL (PostgreSQL has none in text) and no lone surrogates (UTF-8 has none).
/// </summary>
internal static class WellFormedText
{
    public const string Complaint = "Text must be valid Unicode without NUL characters and without lone surrogates.";

    public static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\0' || char.IsLowSurrogate(c))
            {
                return false;
            }

            if (char.IsHighSurrogate(c))
            {
                if (i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
                {
                    return false;
                }

                i++;
            }
        }

        return true;
    }

    public static bool IsWellFormed(ref Utf8JsonReader reader)
    {
        try
        {
            return IsWellFormed(reader.GetString()!);
        }
        catch (InvalidOperationException)
        {
            // What Utf8JsonReader throws for broken UTF-8 and for half a surrogate pair.
            return false;
        }
    }
}

/// <summary>Reads every string of a request body by the rule of <see cref="WellFormedText"/>.</summary>
internal sealed class WellFormedStringConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            throw new JsonException("A string is expected.");
        }

        return WellFormedText.IsWellFormed(ref reader) ? reader.GetString() : throw new JsonException(WellFormedText.Complaint);
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
