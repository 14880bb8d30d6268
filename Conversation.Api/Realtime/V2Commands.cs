using System.Text.Json;
using Conversation.Api.Messages;
using Conversation.Api.Wire;

namespace Conversation.Api.Realtime;

/// <summary>A command of the v2 dialect (docs/protocol.md): the envelope that all of them share.</summary>
internal sealed record V2Command
{
    /// <summary>Which command.</summary>
    public string? Type { get; init; }

    /// <summary>The client's own name for it; the reply repeats it.</summary>
    public string? Id { get; init; }

    /// <summary><c>follow</c>: from where.</summary>
    public string? Position { get; init; }

    /// <summary><c>auth</c>: the new token.</summary>
    public string? Token { get; init; }

    /// <summary><c>cancel</c>: which run.</summary>
    public Guid? RunId { get; init; }

    /// <summary><c>send</c>: the message, as POST takes it.</summary>
    public SendMessageRequest? Message { get; init; }

    /// <summary>The id of a command that breaks a rule of its fields; null where it has none, or is no JSON.</summary>
    public static string? IdOf(string text)
    {
        try
        {
            using var command = JsonDocument.Parse(text);
            return command.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("id", out var id)
                && id.ValueKind == JsonValueKind.String
                    ? id.GetString()
                    : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // No JSON, or an id of lone surrogates.
            return null;
        }
    }
}

/// <summary>What answers commands.</summary>
internal static class V2Reply
{
    public static byte[] Done(string? id, int status, MessageBody? message = null, RunBody? run = null) =>
        JsonSerializer.SerializeToUtf8Bytes(new Reply("reply", id, status, message, run, Detail: null), WireJson.Options);

    public static byte[] Refused(string? id, int status, string detail) => JsonSerializer.SerializeToUtf8Bytes(
        new Reply("error", id, status, Message: null, Run: null, detail), WireJson.Options);

    private sealed record Reply(string Type, string? Id, int Status, MessageBody? Message, RunBody? Run, string? Detail);
}
