using System.ComponentModel.DataAnnotations;

namespace Conversation.Api.Configuration;

/// <content>Who may do what.</content>
internal sealed partial record ServiceSettings
{
    /// <summary>
    /// The key that verifies users' tokens: a secret (HS), a public key as PEM or the address of a JWKS document (RS, ES, PS), or a JSON
    /// list of such keys, of which the first is the current one. Default outside production: a random one, kept beside the private database.
    /// </summary>
    [Variable("CONVERSATION_SERVICE_USER_JWT_SECRET_KEY")]
    public string? UserJwtSecretKey { get; init; }

    /// <summary>The only algorithm of users' tokens: HS, RS, ES or PS with 256, 384 or 512. Default HS256.</summary>
    [Variable("CONVERSATION_SERVICE_USER_JWT_ALGORITHM")]
    public string UserJwtAlgorithm { get; init; } = "HS256";

    /// <summary>The issuer that users' tokens must name. Default: not checked.</summary>
    [Variable("CONVERSATION_SERVICE_USER_JWT_ISSUER")]
    public string? UserJwtIssuer { get; init; }

    /// <summary>The audience that users' tokens must name. Default: not checked.</summary>
    [Variable("CONVERSATION_SERVICE_USER_JWT_AUDIENCE")]
    public string? UserJwtAudience { get; init; }

    /// <summary>The key that verifies machines' tokens, in the forms of the users' key. Default outside production: a random one.</summary>
    [Variable("CONVERSATION_SERVICE_M2M_JWT_SECRET_KEY")]
    public string? M2mJwtSecretKey { get; init; }

    /// <summary>The only algorithm of machines' tokens: HS, RS, ES or PS with 256, 384 or 512. Default HS256.</summary>
    [Variable("CONVERSATION_SERVICE_M2M_JWT_ALGORITHM")]
    public string M2mJwtAlgorithm { get; init; } = "HS256";

    /// <summary>The issuer that machines' tokens must name. Default <c>kgents_auth_service</c>, as the auth service's own.</summary>
    [Variable("CONVERSATION_SERVICE_M2M_JWT_ISSUER")]
    public string? M2mJwtIssuer { get; init; } = "kgents_auth_service";

    /// <summary>The audience that machines' tokens must name. Default <c>kgents_microservices</c>, as the auth service's own.</summary>
    [Variable("CONVERSATION_SERVICE_M2M_JWT_AUDIENCE")]
    public string? M2mJwtAudience { get; init; } = "kgents_microservices";

    /// <summary>
    /// How far clocks may be apart when a token's times are checked, in seconds: what a request is forgiven, an open stream is as well.
    /// Default 0, as the sibling services check.
    /// </summary>
    [Variable("CONVERSATION_SERVICE_JWT_CLOCK_SKEW_SECONDS")]
    [Range(0, 300)]
    public int JwtClockSkewSeconds { get; init; }

    /// <summary><c>owner</c> (default): users reach what is theirs; <c>authenticated</c>: any valid token reaches everything.</summary>
    [Variable("CONVERSATION_SERVICE_AUTHORIZATION")]
    [AllowedValues("owner", "authenticated")]
    public string Authorization { get; init; } = "owner";
}
