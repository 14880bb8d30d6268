namespace Conversation.Api.Configuration;

/// <content>Where Langflow is.</content>
internal sealed partial record ServiceSettings
{
    /// <summary>Langflow's address, without a path. Default: none, and agents are simulated.</summary>
    [Variable("LANGFLOW_RUNTIME_URL")]
    public Uri? LangflowRuntimeUrl { get; init; }

    /// <summary>The key that Langflow asks for. Default: none, and one is minted by its auto-login where it offers that.</summary>
    [Variable("LANGFLOW_API_KEY")]
    public string? LangflowApiKey { get; init; }

    /// <summary>
    /// The flow of conversations that name none. Default: the agent runtime service is asked for one; without that service, or where it
    /// gives none, it is the first by name that Langflow lists.
    /// </summary>
    [Variable("CONVERSATION_SERVICE_DEFAULT_FLOW_ID")]
    public string? DefaultFlowId { get; init; }
}
