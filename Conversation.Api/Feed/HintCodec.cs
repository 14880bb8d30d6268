using System.Buffers.Text;

namespace Conversation.Api.Feed;

/// <summary>Hints as the payload of NOTIFY: the node they come from, then ids; or, for too many, everything.</summary>
internal static class HintCodec
{
    /// <summary>PostgreSQL refuses payloads of 8,000 bytes; ids take 22 and a comma.</summary>
    private const int IdsPerPayload = 340;

    /// <summary>Beyond this many payloads one hint says "look at everything that you watch".</summary>
    private const int MostPayloads = 4;

    private const string Everything = "*";

    public static IEnumerable<string> Encode(Guid node, IReadOnlyCollection<Guid> conversations)
    {
        var sender = Encode(node);
        return conversations.Count > IdsPerPayload * MostPayloads
            ? [$"{sender}:{Everything}"]
            : conversations.Chunk(IdsPerPayload).Select(ids => $"{sender}:{string.Join(',', ids.Select(Encode))}");
    }

    /// <summary>The conversations of a payload, null for everything; false for a payload of the node itself, or of nobody we know.</summary>
    public static bool TryDecode(Guid node, string payload, out List<Guid>? conversations)
    {
        conversations = null;
        var parts = payload.Split(':', 2);
        if (parts.Length != 2 || parts[0] == Encode(node))
        {
            return false;
        }

        if (parts[1] == Everything)
        {
            return true;
        }

        conversations = [];
        Span<byte> bytes = stackalloc byte[16];
        foreach (var text in parts[1].Split(','))
        {
            if (!Base64Url.IsValid(text, out var length) || length != bytes.Length || !Base64Url.TryDecodeFromChars(text, bytes, out _))
            {
                return false;
            }

            conversations.Add(new Guid(bytes));
        }

        return true;
    }

    private static string Encode(Guid id) => Base64Url.EncodeToString(id.ToByteArray());
}
