using System.Buffers;
using System.Text.Json;

namespace Conversation.Api.Langflow;

/// <summary>
/// Reads documents that Python wrote: its NaN and its infinities stand there bare, which JSON does not know. They are read as null, so that
/// one number in a tool's output does not cost the whole document.
/// </summary>
internal static class PythonJson
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = LangflowEvent.MaxDepth };

    private static readonly SearchValues<byte> Starts = SearchValues.Create("\"NI-"u8);

    /// <exception cref="JsonException">It is no document all the same.</exception>
    public static JsonElement Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonElement.Parse(json, Options);
        }
        catch (JsonException)
        {
            if (WithNulls(json) is { } copy)
            {
                return JsonElement.Parse(copy, Options);
            }

            throw;
        }
    }

    /// <summary>A copy with null in place of the bare words that stand outside of strings; null where there are none.</summary>
    public static byte[]? WithNulls(ReadOnlySpan<byte> json)
    {
        var copy = new ArrayBufferWriter<byte>(json.Length + 16);
        var isChanged = false;
        for (var next = json.IndexOfAny(Starts); next >= 0; next = json.IndexOfAny(Starts))
        {
            copy.Write(json[..next]);
            json = json[next..];
            if (WordLength(json) is var word and > 0)
            {
                copy.Write("null"u8);
                json = json[word..];
                isChanged = true;
                continue;
            }

            var length = json[0] == (byte)'"' ? StringLength(json) : 1;
            copy.Write(json[..length]);
            json = json[length..];
        }

        copy.Write(json);
        return isChanged ? copy.WrittenSpan.ToArray() : null;
    }

    private static int WordLength(ReadOnlySpan<byte> json) =>
        json.StartsWith("NaN"u8) ? "NaN"u8.Length
        : json.StartsWith("Infinity"u8) ? "Infinity"u8.Length
        : json.StartsWith("-Infinity"u8) ? "-Infinity"u8.Length
        : 0;

    /// <summary>With both quotes; to the end where the second is missing.</summary>
    private static int StringLength(ReadOnlySpan<byte> json)
    {
        for (var at = 1; at < json.Length; at++)
        {
            var next = json[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (next < 0)
            {
                break;
            }

            at += next;
            if (json[at] == (byte)'"')
            {
                return at + 1;
            }

            // What is escaped is no end.
            at++;
        }

        return json.Length;
    }
}
