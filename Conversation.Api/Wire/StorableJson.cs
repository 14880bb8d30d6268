using System.Text;
using System.Text.Json;

namespace Conversation.Api.Wire;

/// <summary>JSON of others that is passed on as a part of messages and events.</summary>
internal static class StorableJson
{
    /// <summary>
    /// The deepest nesting: with the levels that an event or a list puts around it, it stays within the 64 that .NET's readers take. One
    /// that fails at an event would fail at it again each time it comes back.
    /// </summary>
    public const int MaxDepth = 32;

    /// <summary>The longest number, in characters: jsonb takes some, but not all, of the longer ones.</summary>
    private const int LongestNumber = 400;

    private static readonly JsonReaderOptions Nesting = new() { MaxDepth = MaxDepth };

    /// <summary>Whether it is JSON that a column of jsonb takes and that every reader can read.</summary>
    public static bool IsStorable(string json)
    {
        if (!WellFormedText.IsWellFormed(json))
        {
            return false;
        }

        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json), Nesting);
        try
        {
            while (reader.Read())
            {
                if (!IsStorable(ref reader))
                {
                    return false;
                }
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsStorable(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String or JsonTokenType.PropertyName => WellFormedText.IsWellFormed(ref reader),
        // Beyond the range of a double, jsonb ends too: 1e400000 overflows its numbers, and 1e-400000 has too many places.
        JsonTokenType.Number => reader.ValueSpan.Length <= LongestNumber
            && double.IsFinite(reader.GetDouble())
            && (reader.GetDouble() != 0 || !reader.ValueSpan.ContainsAny("eE"u8)),
        _ => true,
    };
}
