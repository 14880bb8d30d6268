using System.Text.Json;

namespace Conversation.Api.Langflow;

/// <summary>What one output component said, as the result of a run tells it.</summary>
/// <param name="MessageId">The message it is, where the result names it.</param>
/// <param name="Text">The text as the flow made it.</param>
internal sealed record ResultText(string? MessageId, string Text)
{
    /// <summary>What Langflow writes where a stream was never read.</summary>
    private const string Unread = "Unconsumed Stream";

    /// <summary>The texts of a result, in the flow's order. Empty where no output said anything.</summary>
    /// <param name="end">The data of <c>end</c>, or a whole reply.</param>
    public static List<ResultText> Read(JsonElement end)
    {
        var result = end.Get("result") ?? end;
        var texts = result.Items("outputs")
            .SelectMany(outer => outer.Items("outputs"))
            .Select(Of)
            .OfType<ResultText>()
            .Where(text => text.Text.Length > 0 && text.Text != Unread)
            .ToList();
        if (texts.Count == 0 && result.Text("message") is { Length: > 0 } only)
        {
            texts.Add(new ResultText(null, only));
        }

        return texts;
    }

    /// <summary>
    /// The places in the order in which they can be trusted: the last two double every line break, so they are only taken where
    /// nothing else is there.
    /// </summary>
    private static ResultText? Of(JsonElement output)
    {
        var results = output.Get("results");
        if (results?.Get("message") is { } message && OfMessage(message) is { } whole)
        {
            return whole;
        }

        if (results is { ValueKind: JsonValueKind.Object } named)
        {
            foreach (var result in named.EnumerateObject())
            {
                if (OfMessage(result.Value) is { } found)
                {
                    return found;
                }
            }
        }

        return Plain(output.Get("outputs")?.Get("message")?.Get("message"))
            ?? Plain(output.Items("messages").FirstOrDefault().Get("message"))
            ?? Plain(output.Get("artifacts")?.Get("message"));
    }

    private static ResultText? OfMessage(JsonElement message)
    {
        var data = message.Get("data");
        return (LooseText.Read(message) ?? message.Text("text") ?? data?.Text("text")) is { } text
            ? new ResultText(data?.Text("id") ?? message.Text("id"), text)
            : null;
    }

    private static ResultText? Plain(JsonElement? value) =>
        value is { } found && (LooseText.Read(found) ?? found.Text("text")) is { } text ? new ResultText(null, text) : null;
}
