using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;

namespace Conversation.Api.AgentRuntimes;

/// <summary>
/// How a simulated answer goes, as a conversation's metadata says it in <c>agent</c>, in the form of a query string: for proofs that need
/// a known text, a pace, a failure at a chosen place. README.md in this folder lists the members.
/// </summary>
internal sealed record SimulatedScript
{
    /// <summary>How many words there are, each of ten UTF-16 code units: <c>word00001 </c>, <c>word00002 </c> ... Null for the usual answer.</summary>
    public int? Words { get; init; }

    /// <summary>How long after a piece the next one comes; null for the runtime's own.</summary>
    public TimeSpan? Pace { get; init; }

    /// <summary>How many words come in one piece, at most <see cref="LargestPiece"/>. Default 1.</summary>
    public int WordsPerPiece { get; init; } = 1;

    /// <summary>After which word it fails; null for never.</summary>
    public int? FailsAfter { get; init; }

    /// <summary>After which word it says nothing more, and does not stop when asked; null for never.</summary>
    public int? HangsAfter { get; init; }

    /// <summary>Whether another process can continue it.</summary>
    public bool Resumes { get; init; }

    /// <summary>
    /// Whether each piece is, in place of its words, the moment at which it is said: <see cref="TimeProvider.GetTimestamp"/> in
    /// <see cref="StampLength"/> units. For measuring on one machine, whose processes share the monotonic clock.
    /// </summary>
    public bool Stamps { get; init; }

    /// <summary>Anyone who may write to a conversation may ask for it, and a piece is made at once.</summary>
    public const int LargestPiece = 10_000;

    /// <summary>How long a stamp is, with the space that follows it.</summary>
    public const int StampLength = 20;

    public static SimulatedScript Parse(string? agent)
    {
        var members = QueryHelpers.ParseQuery(agent);
        return new SimulatedScript
        {
            Words = Number("words"),
            Pace = Number("pace_ms") is { } pace ? TimeSpan.FromMilliseconds(pace) : null,
            WordsPerPiece = Math.Clamp(Number("words_per_piece") ?? 1, 1, LargestPiece),
            FailsAfter = Number("fails_after"),
            HangsAfter = Number("hangs_after"),
            Resumes = Is("resumes"),
            Stamps = Is("stamps"),
        };

        bool Is(string name) => members.TryGetValue(name, out var value) && value == "true";

        int? Number(string name) => members.TryGetValue(name, out var value)
            && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : null;
    }

    /// <summary>The whole text of so many words.</summary>
    public static string TextOf(int words) => string.Concat(Enumerable.Range(1, words).Select(Word));

    /// <summary>How long that text is, in UTF-16 code units.</summary>
    public static long LengthOf(int words)
    {
        var length = words * 10L;
        for (var longer = 100_000L; longer <= words; longer *= 10)
        {
            length += words - longer + 1;
        }

        return length;
    }

    public static string Stamp(long timestamp) => string.Create(CultureInfo.InvariantCulture, $"{timestamp:D19} ");

    public static string Word(int number) => string.Create(CultureInfo.InvariantCulture, $"word{number:D5} ");
}
