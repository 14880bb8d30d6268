using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Api.Wire;

namespace Conversation.Api.Langflow;

/// <summary>
/// The tools that an agent used. Langflow tells them by sending the message again and again with all of its steps; each use is
/// reported once when it begins and once when it has ended.
/// </summary>
/// <param name="told">What an earlier process has reported already.</param>
internal sealed class ToolSteps(IReadOnlyDictionary<string, bool>? told = null)
{
    /// <summary>The longest input or output that is passed on, in characters of JSON.</summary>
    private const int Longest = 32 * 1024;

    private readonly Dictionary<string, Use> _uses = told?.ToDictionary(use => use.Key, use => new Use("") { Ended = use.Value }) ?? [];

    /// <summary>Every reported use, and whether its end was reported.</summary>
    public Dictionary<string, bool> Told => _uses.ToDictionary(use => use.Key, use => use.Value.Ended);

    /// <summary>Reports what is new in a message's steps.</summary>
    public void Apply(string messageId, JsonElement message, List<AgentOutput> outputs)
    {
        var number = 0;
        foreach (var step in message.Items("content_blocks").SelectMany(block => block.Items("contents")))
        {
            if (step.Text("type") == "tool_use")
            {
                Report($"{messageId}:{number++}", step, outputs);
            }
        }
    }

    /// <summary>The run has ended: a tool that never answered has ended as well.</summary>
    public void Finish(List<AgentOutput> outputs)
    {
        foreach (var (id, use) in _uses.Where(use => !use.Value.Ended))
        {
            use.Ended = true;
            outputs.Add(new ToolCompleted(id, use.Name));
        }
    }

    private void Report(string id, JsonElement step, List<AgentOutput> outputs)
    {
        var name = step.Text("name") is { Length: > 0 } given ? given : "tool";
        if (!_uses.TryGetValue(id, out var use))
        {
            _uses[id] = use = new Use(name);
            outputs.Add(new ToolStarted(id, name, Bounded(step.Get("tool_input"))));
        }

        use.Name = name;
        var output = step.Get("output");
        var error = step.Get("error");
        if (!use.Ended && (output is not null || error is not null))
        {
            use.Ended = true;
            outputs.Add(new ToolCompleted(id, name, Bounded(output), error is { } fault ? ErrorText.Of(fault) : null));
        }
    }

    private static string? Bounded(JsonElement? json)
    {
        var text = json is { } found ? LooseText.Mended(found) : null;
        return text is null || (text.Length <= Longest && StorableJson.IsStorable(text)) ? text : JsonSerializer.Serialize(ErrorText.Head(text, Longest), WireJson.Options);
    }

    private sealed class Use(string name)
    {
        /// <summary>Empty while only an earlier process has seen it.</summary>
        public string Name { get; set; } = name;

        public bool Ended { get; set; }
    }
}
