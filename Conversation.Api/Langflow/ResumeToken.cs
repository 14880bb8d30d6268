using System.Text.Json;

namespace Conversation.Api.Langflow;

/// <summary>Where another process goes on with a job.</summary>
/// <param name="Job">The job in Langflow.</param>
/// <param name="Event">The last event that was taken; null before the first.</param>
/// <param name="Speaker">The message that is shown; null while nothing is.</param>
/// <param name="InPieces">Whether it was shown piece by piece, so that the next piece follows what was shown.</param>
/// <param name="Tools">The tools that were reported, and whether their end was.</param>
internal sealed record ResumeToken(string Job, long? Event, string? Speaker, bool InPieces, Dictionary<string, bool> Tools)
{
    /// <summary>Names of tools' uses are Langflow's and stay as they are.</summary>
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Null for what is no such token.</summary>
    public static ResumeToken? Parse(string text)
    {
        try
        {
            var token = JsonSerializer.Deserialize<ResumeToken>(text, Options);
            return token is { Job.Length: > 0, Tools: not null } ? token : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public override string ToString() => JsonSerializer.Serialize(this, Options);
}
