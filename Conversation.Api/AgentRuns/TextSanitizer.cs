using System.Text;

namespace Conversation.Api.AgentRuns;

/// <summary>
/// Makes a runtime's text storable before anyone sees it: NUL and lone surrogates become U+FFFD. A pair that comes in two pieces is
/// put together: its first half waits for the next piece.
/// </summary>
internal sealed class TextSanitizer
{
    private const char Replacement = '\uFFFD';

    private char? _half;

    /// <summary>Whether nothing is held back.</summary>
    public bool IsWhole => _half is null;

    /// <summary>A text that comes in one piece.</summary>
    public static string Whole(string text)
    {
        var sanitizer = new TextSanitizer();
        return sanitizer.Clean(text) + sanitizer.End();
    }

    /// <summary>What can be shown of a piece.</summary>
    public string Clean(string piece)
    {
        if (_half is null && IsClean(piece))
        {
            return piece;
        }

        var clean = new StringBuilder(piece.Length + 1);
        foreach (var c in piece)
        {
            Append(clean, c);
        }

        return clean.ToString();
    }

    /// <summary>What is left at the end: half a pair that stayed alone.</summary>
    public string End()
    {
        var rest = _half is null ? "" : Replacement.ToString();
        _half = null;
        return rest;
    }

    private void Append(StringBuilder clean, char c)
    {
        if (_half is { } half)
        {
            _half = null;
            if (char.IsLowSurrogate(c))
            {
                clean.Append(half).Append(c);
                return;
            }

            clean.Append(Replacement);
        }

        if (char.IsHighSurrogate(c))
        {
            _half = c;
        }
        else
        {
            clean.Append(c == '\0' || char.IsLowSurrogate(c) ? Replacement : c);
        }
    }

    private static bool IsClean(string piece)
    {
        foreach (var c in piece)
        {
            if (c == '\0' || char.IsSurrogate(c))
            {
                return false;
            }
        }

        return true;
    }
}
