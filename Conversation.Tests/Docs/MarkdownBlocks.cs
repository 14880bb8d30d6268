using System.Text.RegularExpressions;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Docs;

/// <summary>A fenced block of one of the project's pages.</summary>
/// <param name="Page">The page's path from the root.</param>
/// <param name="Line">Where it begins.</param>
/// <param name="Language">What stands behind the fence.</param>
/// <param name="Text">What it says.</param>
/// <param name="NoRun">Why it is not run; null where it is.</param>
internal sealed partial record MarkdownBlock(string Page, int Line, string Language, string Text, string? NoRun)
{
    public string Place => $"{Page}:{Line}";

    public static IEnumerable<MarkdownBlock> All() => Checkout.Files(".md").OrderBy(file => file.Path, StringComparer.Ordinal).SelectMany(file => In(file.Path, file.Text));

    public static IEnumerable<MarkdownBlock> In(string page, string text) =>
        Fenced().Matches(text).Select(match => new MarkdownBlock(
            page,
            text[..match.Groups["language"].Index].Count(c => c == '\n') + 1,
            match.Groups["language"].Value,
            match.Groups["text"].Value,
            match.Groups["reason"] is { Success: true } reason ? reason.Value : null));

    [GeneratedRegex(@"(?:<!-- no-run: (?<reason>[^\n]+?) -->\n)?^```(?<language>[^\n]*)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fenced();
}
