namespace Conversation.Api.Configuration;

/// <content>How Langflow is spoken to.</content>
internal sealed partial record ServiceSettings
{
    /// <summary><c>auto</c> (default): workflows where the server offers them, else run; <c>run</c>; <c>workflows</c>.</summary>
    [Variable("CONVERSATION_SERVICE_LANGFLOW_API")]
    public string LangflowApi { get; init; } = "auto";
}
