using System.Text.Json;
using System.Text.Json.Serialization;
using Conversation.Api.Wire;

namespace Conversation.Api.Transfer;

/// <summary>The wire's JSON, with what is not set left out, and a line's type wherever in the line it stands.</summary>
internal static class TransferJson
{
    public const string MediaType = "application/x-ndjson";

    public static JsonSerializerOptions Options { get; } = WireJson.Configure(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        AllowOutOfOrderMetadataProperties = true,
    });
}
