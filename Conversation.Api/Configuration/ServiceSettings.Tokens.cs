namespace Conversation.Api.Configuration;

/// <content>Who may do what.</content>
internal sealed partial record ServiceSettings
{
    /// <summary>The key that verifies users' tokens. Default in development: a random one, kept beside the private database.</summary>
    [Variable("CONVERSATION_SERVICE_USER_JWT_SECRET_KEY")]
    public string? UserJwtSecretKey { get; init; }

    /// <summary>The only algorithm of users' tokens: HS256 (default), HS384 or HS512.</summary>
    [Variable("CONVERSATION_SERVICE_USER_JWT_ALGORITHM")]
    public string UserJwtAlgorithm { get; init; } = "HS256";

    /// <summary>The issuer that users' tokens must name. Default: not checked.</summary>
    [Variable("CONVERSATION_SERVICE_USER_JWT_ISSUER")]
    public string? UserJwtIssuer { get; init; }

    /// <summary>The audience that users' tokens must name. Default: not checked.</summary>
    [Variable("CONVERSATION_SERVICE_USER_JWT_AUDIENCE")]
    public string? UserJwtAudience { get; init; }

    /// <summary>The key that verifies machines' tokens. Default in development: a random one.</summary>
    [Variable("CONVERSATION_SERVICE_M2M_JWT_SECRET_KEY")]
    public string? M2mJwtSecretKey { get; init; }

    /// <summary>The only algorithm of machines' tokens: HS256 (default), HS384 or HS512.</summary>
    [Variable("CONVERSATION_SERVICE_M2M_JWT_ALGORITHM")]
    public string M2mJwtAlgorithm { get; init; } = "HS256";

    /// <summary>The issuer that machines' tokens must name. Default: not checked.</summary>
    [Variable("CONVERSATION_SERVICE_M2M_JWT_ISSUER")]
    public string? M2mJwtIssuer { get; init; }

    /// <summary>The audience that machines' tokens must name. Default: not checked.</summary>
    [Variable("CONVERSATION_SERVICE_M2M_JWT_AUDIENCE")]
    public string? M2mJwtAudience { get; init; }

    /// <summary><c>owner</c> (default): users reach what is theirs; <c>authenticated</c>: any valid token reaches everything.</summary>
    [Variable("CONVERSATION_SERVICE_AUTHORIZATION")]
    public string Authorization { get; init; } = "owner";
}
