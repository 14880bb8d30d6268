namespace Conversation.Api.Configuration;

/// <content>Where Langflow is.</content>
internal sealed partial record ServiceSettings
{
    /// <summary>Langflow's address, without a path. Default: none, and agents are simulated.</summary>
    [Variable("LANGFLOW_RUNTIME_URL")]
    public Uri? LangflowRuntimeUrl { get; init; }

    /// <summary>The key that Langflow asks for. Default: none, and a session is opened by its auto-login where it offers one.</summary>
    [Variable("LANGFLOW_API_KEY")]
    public string? LangflowApiKey { get; init; }

    /// <summary>The flow of conversations that name none. Default: the agent runtime service is asked for one.</summary>
    [Variable("CONVERSATION_SERVICE_DEFAULT_FLOW_ID")]
    public string? DefaultFlowId { get; init; }
}
