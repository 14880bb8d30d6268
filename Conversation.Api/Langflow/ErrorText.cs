using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Conversation.Api.Langflow;

/// <summary>Makes Langflow's complaints fit for a reader: without traces, and without what looks like a credential.</summary>
internal static partial class ErrorText
{
    private const int Longest = 500;

    /// <summary>
    /// Only this much of a complaint is read: it may be as long as an answer, and what looks for credentials takes quadratic time on text
    /// made for it.
    /// </summary>
    private const int LongestRead = 4 * 1024;

    /// <summary>The complaint in an error event of either shape, or in a tool's step; a fixed sentence where there is none.</summary>
    public static string Of(JsonElement error)
    {
        var text = LooseText.Read(error) ?? error.Text("error") ?? error.Text("text") ?? error.Text("message");
        return Clean(text);
    }

    /// <summary>
    /// The complaint in the body of a reply that is no success: <c>detail</c> as text, as an object, as a list, or as text that is
    /// JSON once more; <c>message</c>; null where it is none of them.
    /// </summary>
    public static string? OfBody(ReadOnlySpan<byte> body)
    {
        if (Parse(body) is not { ValueKind: JsonValueKind.Object } root)
        {
            return null;
        }

        var detail = root.Get("detail") ?? root.Get("error") ?? root.Get("message");
        var text = detail is null ? null : Text(detail.Value);
        return text is null ? null : Clean(text);
    }

    /// <summary>The start of a text, never half a surrogate pair.</summary>
    public static string Head(string text, int length) =>
        text.Length <= length ? text : $"{text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)]}…";

    /// <summary>A document, or nothing where the bytes are none.</summary>
    public static JsonElement? Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return PythonJson.Parse(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static string Clean(string? text)
    {
        var untraced = text is null ? "" : Trace().Replace(Head(text, LongestRead), "");
        var clean = Blank().Replace(Named().Replace(Credential().Replace(untraced, "***"), "***"), " ").Trim();
        return clean.Length == 0 ? "The flow failed and did not say why." : Head(LooseText.Mended(clean), Longest);
    }

    private static string? Text(JsonElement detail) => detail.ValueKind switch
    {
        JsonValueKind.String => Nested(LooseText.Read(detail)!),
        JsonValueKind.Object => detail.Text("message") ?? detail.Text("error"),
        JsonValueKind.Array => string.Join("; ", detail.EnumerateArray().Select(item => item.Text("msg")).OfType<string>()),
        _ => null,
    };

    private static string Nested(string text) =>
        text.StartsWith('{') && Parse(Encoding.UTF8.GetBytes(text)) is { } inner && inner.Text("message") is { } message ? message : text;

    /// <summary>From the first line of a Python trace on.</summary>
    [GeneratedRegex(@"Traceback \(most recent call last\).*|\bFile ""[^""]*"", line \d+.*", RegexOptions.Singleline)]
    private static partial Regex Trace();

    /// <summary>What is a credential by its form.</summary>
    [GeneratedRegex(@"\b(?:g?sk|pk|rk|gh[a-z]|github_pat|hf|xox[a-z])[-_][\w*.-]{6,}|\bAIza[\w-]{20,}|\bAKIA[0-9A-Z]{12,}|(?<=[Bb]earer )\S+|\beyJ[\w-]+\.[\w.-]+|(?<=://)[^\s/@]+:[^\s/@]+(?=@)")]
    private static partial Regex Credential();

    /// <summary>What is one by its name: a part of an address, or a value with a digit in it.</summary>
    [GeneratedRegex(
        @"(?<=[?&][\w-]*(?:key|token|secret|password|appid|sig|signature)=)[^&\s""']+"
        + @"|(?<=(?:key|token|secret|password)[""']?\s*[:=]\s*[""']?)(?=[^\s""',;&]*\d)[^\s""',;&]{6,}",
        RegexOptions.IgnoreCase)]
    private static partial Regex Named();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();
}
