using System.Text.Json;
using Conversation.Api.AgentRuntimes;

namespace Conversation.Api.Langflow;

/// <content>The events that carry whole documents.</content>
internal sealed partial class AnswerAccumulator
{
    /// <summary>Stands between the texts of a flow's outputs.</summary>
    public const string Between = "\n\n";

    /// <summary>What the workflows API says to a listener whose queue is full; no failure of the flow.</summary>
    private const string TooSlow = "exceeded buffering capacity";

    private static readonly string[] UsageKinds = ["input_tokens", "output_tokens", "total_tokens"];

    private int _order;

    private void ApplyDocument(LangflowEvent next, List<AgentOutput> outputs)
    {
        if (next.Name is not (LangflowEvents.AddMessage or LangflowEvents.RemoveMessage or LangflowEvents.Output or LangflowEvents.End
            or LangflowEvents.Reply or LangflowEvents.Error or LangflowEvents.Cancelled))
        {
            return;
        }

        using var document = JsonDocument.Parse(next.Data, DocumentOptions);
        var data = document.RootElement;
        switch (next.Name)
        {
            case LangflowEvents.AddMessage:
                ApplyMessage(data, outputs);
                break;
            case LangflowEvents.RemoveMessage:
                _messages.Remove(data.Text("id") ?? "");
                break;
            case LangflowEvents.Output:
                ApplyOutput(data);
                break;
            case LangflowEvents.Error when data.Text("error")?.Contains(TooSlow, StringComparison.Ordinal) == true:
                IsBehind = true;
                break;
            case LangflowEvents.Error:
                Failure = ErrorText.Of(data);
                // The other shape, a whole message with error: true, may be followed by this one.
                HasFailed |= data.Text("error") is not null;
                break;
            case LangflowEvents.Cancelled:
                WasStopped = true;
                break;
            default:
                FinalText = Composed(ResultText.Read(data)) ?? (_hasAllOutputs ? Composed(_outputs) : null);
                HasEnded = true;
                break;
        }
    }

    private void ApplyMessage(JsonElement data, List<AgentOutput> outputs)
    {
        if (data.Text("id") is not { } id || data.Text("sender") == "User")
        {
            return;
        }

        if (data.Get("error") is { ValueKind: JsonValueKind.True } || data.Text("category") == "error")
        {
            Failure = ErrorText.Clean(data.Text("text"));
            return;
        }

        var message = MessageOf(id);
        message.Text = data.Text("text") ?? "";
        message.Order = ++_order;
        message.Usage = data.Get("properties")?.Get("usage") is { ValueKind: JsonValueKind.Object } usage ? UsageOf(usage) : message.Usage;
        _tools.Apply(id, data, outputs);
        if (message.Tokens is null || !_tokensAreWhole)
        {
            Show(message, message.Text, outputs);
        }
    }

    private void ApplyOutput(JsonElement data)
    {
        var content = data.Get("content");
        var text = content is { } found ? LooseText.Read(found) ?? found.Text("text") ?? found.Text("message") : null;
        if (text is { Length: > 0 } && data.Text("type") is null or "message" or "text")
        {
            var output = new ResultText(data.Get("metadata")?.Text("message_id"), text!);
            // An event that came with a break comes again.
            if (output.MessageId is null || !_outputs.Contains(output))
            {
                _outputs.Add(output);
            }
        }
    }

    /// <summary>One answer from several outputs: what was shown comes first, the others behind blank lines in the flow's order.</summary>
    private string? Composed(IReadOnlyList<ResultText> texts)
    {
        if (texts.Count < 2)
        {
            return texts.Count == 0 ? null : texts[0].Text;
        }

        var first = texts.FirstOrDefault(text => text.MessageId is not null && text.MessageId == _speaker?.Id)
            ?? texts.FirstOrDefault(text => _said.Length > 0 && BeginsWithSaid(text.Text))
            ?? texts[0];
        return string.Join(Between, texts.Where(text => text != first).Prepend(first).Select(text => text.Text));
    }

    private string? LastMessage() => _messages.Values
        .Where(message => message.Text is { Length: > 0 })
        .MaxBy(message => message.Order)?.Text;

    /// <summary>Tokens by kind, summed over the messages that tell them; null where none does.</summary>
    private string? Usage()
    {
        var sums = _messages.Values
            .SelectMany(message => message.Usage)
            .GroupBy(kind => kind.Kind, kind => kind.Count)
            .OrderBy(kind => kind.Key, StringComparer.Ordinal)
            .ToDictionary(kind => kind.Key, kind => kind.Sum());
        return sums.Count == 0 ? null : JsonSerializer.Serialize(sums);
    }

    private static (string Kind, long Count)[] UsageOf(JsonElement usage) =>
    [
        .. UsageKinds
            .Where(kind => usage.Get(kind) is { ValueKind: JsonValueKind.Number } count && count.TryGetInt32(out _))
            .Select(kind => (kind, usage.GetProperty(kind).GetInt32())),
    ];
}
