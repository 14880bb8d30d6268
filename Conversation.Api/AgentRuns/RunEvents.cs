using System.Text.Json;
using Conversation.Data.Log;

namespace Conversation.Api.AgentRuns;

/// <summary>The events that runs write, with their data.</summary>
internal static class RunEvents
{
    public static RunEvent MessageStarted { get; } = new(EventTypes.MessageStarted, OfMessage: true);

    public static RunEvent Queued { get; } = new(EventTypes.RunQueued, """{"waits": true}""");

    public static RunEvent Notice(string level, string code) =>
        new(EventTypes.RunNotice, JsonSerializer.Serialize(new Dictionary<string, string> { ["level"] = level, ["code"] = code }));
}
