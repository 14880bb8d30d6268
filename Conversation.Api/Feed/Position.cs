using System.Globalization;

namespace Conversation.Api.Feed;

/// <summary>
/// How far a follower is: every event up to <paramref name="Seq"/>, and of the message that is being generated the text up to
/// <paramref name="Offset"/>. Opaque to clients, valid at every door for as long as the conversation exists.
/// </summary>
/// <param name="Seq">The last event that was sent; 0 for none.</param>
/// <param name="MessageId">The streaming message whose text was begun, null for none.</param>
/// <param name="Attempt">The attempt of that text.</param>
/// <param name="Offset">How many UTF-16 code units of it were sent.</param>
internal readonly record struct Position(long Seq, Guid? MessageId = null, int Attempt = 0, int Offset = 0)
{
    public static Position Start => default;

    /// <summary><c>seq</c>, or <c>seq.message.attempt.offset</c>.</summary>
    public override string ToString() => MessageId is { } message
        ? string.Create(CultureInfo.InvariantCulture, $"{Seq}.{message:N}.{Attempt}.{Offset}")
        : Seq.ToString(CultureInfo.InvariantCulture);

    public static bool TryParse(string? text, out Position position)
    {
        position = default;
        var parts = text?.Split('.');
        if (parts is not ({ Length: 1 } or { Length: 4 }) || !TryNumber(parts[0], long.MaxValue, out var seq))
        {
            return false;
        }

        if (parts.Length == 1)
        {
            position = new Position(seq);
            return true;
        }

        if (!Guid.TryParseExact(parts[1], "N", out var message)
            || !TryNumber(parts[2], int.MaxValue, out var attempt)
            || !TryNumber(parts[3], int.MaxValue, out var offset))
        {
            return false;
        }

        position = new Position(seq, message, (int)attempt, (int)offset);
        return true;
    }

    private static bool TryNumber(string text, long largest, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= largest;
}
