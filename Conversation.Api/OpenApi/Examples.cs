using System.Text.Json.Nodes;

namespace Conversation.Api.OpenApi;

/// <summary>What stands in the document as an example, by the name of the field: one small story everywhere.</summary>
internal static class Examples
{
    public const string ConversationId = "0199b2c4-6a10-7c33-9f1e-2d5b8a4c7e01";
    private const string MessageId = "0199b2c4-7e52-7a08-8c40-61f2d9b3a502";
    private const string AnswerId = "0199b2c4-8f06-7d1b-b3a7-0c9e4f5d6a03";
    private const string RunId = "0199b2c4-7e53-7b44-a1d2-93e8c7f0b104";
    private const string UserId = "00000000-0000-4000-8000-000000000001";
    private const string Time = "2026-11-25T09:30:00.123456Z";

    /// <summary>A new node each time: a node has one parent.</summary>
    public static JsonNode? Of(string name, Type? owner) => name switch
    {
        "id" => owner?.Name switch { "MessageBody" => MessageId, "RunBody" => RunId, _ => ConversationId },
        "conversation_id" or "conversationId" => ConversationId,
        "message_id" or "messageId" or "trigger_message_id" => MessageId,
        "assistant_message_id" => AnswerId,
        "run_id" or "runId" => RunId,
        "owner_id" or "sub" => UserId,
        "title" => owner == typeof(Problem) ? "Unprocessable Entity" : "Travel plans",
        "type" => "https://tools.ietf.org/html/rfc4918#section-11.2",
        "detail" => "title: must be a string with a maximum length of 255",
        "errors" => new JsonObject { ["title"] = new JsonArray("must be a string with a maximum length of 255") },
        "metadata_json" or "metadata" => new JsonObject { ["source"] = "web" },
        "role" => "user",
        "content" => "Where is it warm in March?",
        "client_message_id" or "Idempotency-Key" => "5f0c2a9e-0b7d-4c57-9a51-7a3f0c8f2d11",
        "status" => owner?.Name switch
        {
            "MessageBody" => "stored",
            "RunBody" => "running",
            "HealthBody" or "ReadyBody" => "ok",
            nameof(Problem) => 422,
            _ => "pending",
        },
        "on_busy" => "enqueue",
        "seq" => 3,
        "last_seq" => 7,
        "created_at" or "updated_at" or "queued_at" or "started_at" => Time,
        "runtime" => "langflow",
        "attempt" => 1,
        "usage" => new JsonObject { ["output_tokens"] = 214 },
        "access_token" => "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwIn0.c2lnbmF0dXJl",
        "token_type" => "bearer",
        "expires_in" => 43200,
        _ => null,
    };
}
