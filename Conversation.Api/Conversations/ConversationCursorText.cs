using System.Buffers.Binary;
using System.Buffers.Text;
using Conversation.Api.Errors;
using Conversation.Data.Conversations;

namespace Conversation.Api.Conversations;

/// <summary>The place where a page of conversations ended, as clients carry it: opaque, for the next page only.</summary>
internal static class ConversationCursorText
{
    private const int Length = sizeof(long) + 16;

    public static string Format(ConversationRow last)
    {
        Span<byte> bytes = stackalloc byte[Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, last.UpdatedAt.Ticks);
        last.Id.TryWriteBytes(bytes[sizeof(long)..]);
        return Base64Url.EncodeToString(bytes);
    }

    public static ConversationCursor? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[Length];
        if (!Base64Url.IsValid(text, out var length) || length != Length || !Base64Url.TryDecodeFromChars(text, bytes, out _))
        {
            throw ServiceException.Invalid("after", "must be the value of a Link header");
        }

        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes);
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks)
        {
            throw ServiceException.Invalid("after", "must be the value of a Link header");
        }

        return new ConversationCursor(new DateTime(ticks, DateTimeKind.Utc), new Guid(bytes[sizeof(long)..]));
    }
}
