namespace Conversation.Api.Configuration;

/// <content>How Langflow is spoken to.</content>
internal sealed partial record ServiceSettings
{
    /// <summary><c>run</c> (default), <c>workflows</c>, or <c>auto</c>: workflows where the server offers them, else run.</summary>
    [Variable("CONVERSATION_SERVICE_LANGFLOW_API")]
    public string LangflowApi { get; init; } = "run";
}
