using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Conversation.Api.Langflow;

/// <summary>
/// One line of a stream, taken apart as far as every event needs: its name and the bytes of its data. Framing is JSON lines; the
/// prefixes of server-sent events are understood as well, because the workflows API and some gateways use them.
/// </summary>
/// <param name="Name">The event; empty for a line without one.</param>
/// <param name="Data">Its data as JSON, valid as long as the line is.</param>
internal readonly record struct LangflowEvent(string Name, ReadOnlySequence<byte> Data)
{
    /// <summary>Deep enough for any tool's output; the framework's 64 is not.</summary>
    public const int MaxDepth = 512;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };

    /// <summary>The number of an <c>id:</c> line, null for any other line.</summary>
    public static long? IdOf(in ReadOnlySequence<byte> line)
    {
        var value = After(line, "id:"u8);
        return value is { Length: > 0 and < 24 } digits && long.TryParse(Encoding.ASCII.GetString(digits), out var id) ? id : null;
    }

    /// <summary>Whether a line is the data of a server-sent event.</summary>
    public static bool IsFramed(in ReadOnlySequence<byte> line) => After(line, "data:"u8) is not null;

    /// <summary>Reads a line; false where it is none of the JSON that was promised.</summary>
    public static bool TryRead(in ReadOnlySequence<byte> line, out LangflowEvent found)
    {
        var json = After(line, "data:"u8) ?? line;
        return TryReadJson(json, out found)
            || (PythonJson.WithNulls(json.ToArray()) is { } copy && TryReadJson(new ReadOnlySequence<byte>(copy), out found));
    }

    /// <summary>The name in the head of a line that was too long to be kept.</summary>
    public static string NameInHead(in ReadOnlySequence<byte> head)
    {
        var reader = new Utf8JsonReader(After(head, "data:"u8) ?? head, isFinalBlock: false, new JsonReaderState(Options));
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("event"u8))
                {
                    return reader.Read() ? LooseText.Read(ref reader) ?? "" : "";
                }
            }
        }
        catch (Exception error) when (error is JsonException or IndexOutOfRangeException)
        {
            // Not what was promised: it has no name.
        }

        return "";
    }

    private static bool TryReadJson(in ReadOnlySequence<byte> json, out LangflowEvent found)
    {
        found = default;
        try
        {
            return TryReadObject(json, out found);
        }
        catch (Exception error) when (error is JsonException or IndexOutOfRangeException)
        {
            // The latter is what Utf8JsonReader throws where the bytes end within true, false or null.
            return false;
        }
    }

    private static bool TryReadObject(in ReadOnlySequence<byte> json, out LangflowEvent found)
    {
        found = default;
        var reader = new Utf8JsonReader(json, Options);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        string? name = null;
        var data = ReadOnlySequence<byte>.Empty;
        var isResult = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isName = reader.ValueTextEquals("event"u8);
            var isData = reader.ValueTextEquals("data"u8);
            isResult |= reader.ValueTextEquals("outputs"u8);
            reader.Read();
            var from = reader.TokenStartIndex;
            if (isName)
            {
                name = LooseText.Read(ref reader);
            }

            reader.Skip();
            if (isData)
            {
                data = json.Slice(from, reader.BytesConsumed - from);
            }
        }

        // Before 1.1.2 the stream is one plain reply: what later versions put into the data of `end`.
        found = name is null && isResult ? new LangflowEvent(LangflowEvents.Reply, json) : new LangflowEvent(name ?? "", data);
        return !reader.Read();
    }

    private static ReadOnlySequence<byte>? After(in ReadOnlySequence<byte> line, ReadOnlySpan<byte> prefix)
    {
        var reader = new SequenceReader<byte>(line);
        if (!reader.IsNext(prefix, advancePast: true))
        {
            return null;
        }

        reader.AdvancePast((byte)' ');
        return reader.UnreadSequence;
    }
}

/// <summary>The names of events.</summary>
internal static class LangflowEvents
{
    public const string AddMessage = "add_message";
    public const string RemoveMessage = "remove_message";
    public const string Token = "token";
    public const string Output = "output";
    public const string End = "end";
    public const string Error = "error";
    public const string Cancelled = "cancelled";

    /// <summary>Not on the wire: a whole reply where a stream was asked for.</summary>
    public const string Reply = "reply";
}
