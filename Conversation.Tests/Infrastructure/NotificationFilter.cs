using System.Buffers.Binary;

namespace Conversation.Tests.Infrastructure;

/// <summary>
/// Takes the notifications out of what PostgreSQL says on one connection (its manual, section 54.7: "A" is NotificationResponse). The
/// connection must be plain from its first byte: <c>SSL Mode=Disable;GSS Encryption Mode=Disable</c>.
/// </summary>
internal sealed class NotificationFilter(Action dropped)
{
    private const int HeaderLength = 5;

    private readonly MemoryStream _held = new();

    /// <summary>What may pass of the next bytes. Holds back a message of which only the beginning has come.</summary>
    public ReadOnlyMemory<byte> Take(ReadOnlySpan<byte> bytes)
    {
        _held.Write(bytes);
        var all = _held.ToArray();
        var passed = new MemoryStream();
        var at = 0;
        while (Next(all.AsSpan(at)) is { } length)
        {
            if (all[at] == (byte)'A')
            {
                dropped();
            }
            else
            {
                passed.Write(all.AsSpan(at, length));
            }

            at += length;
        }

        _held.SetLength(0);
        _held.Write(all.AsSpan(at));
        return passed.ToArray();
    }

    /// <summary>The length of the message at the start, null where it is not whole.</summary>
    private static int? Next(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= HeaderLength && BinaryPrimitives.ReadInt32BigEndian(bytes[1..]) + 1 is var length && length <= bytes.Length ? length : null;
}
