namespace Conversation.Api.Configuration;

/// <content>The sibling services, and who this one is to them.</content>
internal sealed partial record ServiceSettings
{
    /// <summary>The auth service, its root path included, such as http://auth_service:8000/api/v1. Default: none, and no machine tokens.</summary>
    [Variable("AUTH_SERVICE_URL")]
    public Uri? AuthServiceUrl { get; init; }

    /// <summary>The agent runtime service, which finds flows by description, such as http://agent_runtime_service:8000. Default: none.</summary>
    [Variable("AGENT_RUNTIME_SERVICE_URL")]
    public Uri? AgentRuntimeServiceUrl { get; init; }

    /// <summary>This service's client at the auth service; <c>your_client_id_here</c> counts as none. Default: what bootstrap wrote.</summary>
    [Variable("CONVERSATION_SERVICE_CLIENT_ID")]
    public string? ClientId { get; init; }

    /// <summary>The secret of that client. Default: what bootstrap wrote.</summary>
    [Variable("CONVERSATION_SERVICE_CLIENT_SECRET")]
    public string? ClientSecret { get; init; }

    /// <summary>The auth service's admin, as whom bootstrap makes the client. Default <c>admin@admin.com</c>.</summary>
    [Variable("INITIAL_ADMIN_EMAIL")]
    public string InitialAdminEmail { get; init; } = "admin@admin.com";

    /// <summary>The password of that admin. Default <c>admin</c>.</summary>
    [Variable("INITIAL_ADMIN_PASSWORD")]
    public string InitialAdminPassword { get; init; } = "admin";
}
