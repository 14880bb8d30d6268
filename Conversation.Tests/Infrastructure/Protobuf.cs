namespace Conversation.Tests.Infrastructure;

/// <summary>Reads the wire format of Protocol Buffers (protobuf.dev, encoding), without a schema.</summary>
internal static class Protobuf
{
    /// <summary>The raw values of a field, in order; varints are left out.</summary>
    public static List<byte[]> Fields(byte[] message, int field)
    {
        var found = new List<byte[]>();
        for (var at = 0; at < message.Length;)
        {
            var key = Varint(message, ref at);
            var length = (key & 7) switch
            {
                0 => 0,
                1 => 8,
                2 => (int)Varint(message, ref at),
                5 => 4,
                _ => throw new InvalidDataException("This is no protobuf."),
            };
            if ((key & 7) == 0)
            {
                Varint(message, ref at);
                continue;
            }

            if ((int)(key >> 3) == field)
            {
                found.Add(message[at..(at + length)]);
            }

            at += length;
        }

        return found;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if ((part & 0x80) == 0)
            {
                return value;
            }
        }
    }
}
