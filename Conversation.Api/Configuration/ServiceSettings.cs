namespace Conversation.Api.Configuration;

/// <summary>Everything that can be set, each by one environment variable. The README's table and a test hold it together.</summary>
internal sealed record ServiceSettings
{
    /// <summary><c>development</c> (default), <c>testing</c> or <c>production</c>.</summary>
    [Variable("CONVERSATION_SERVICE_ENVIRONMENT")]
    public string Environment { get; init; } = ServiceEnvironments.Development;

    /// <summary>The least level that is logged: Python's names or .NET's. Default INFO.</summary>
    [Variable("CONVERSATION_SERVICE_LOGGING_LEVEL")]
    public string LoggingLevel { get; init; } = "INFO";

    /// <summary>The path before every route of the API. Default <c>/api/v1</c>; <c>/</c> for none.</summary>
    [Variable("CONVERSATION_SERVICE_ROOT_PATH")]
    public string RootPath { get; init; } = "/api/v1";

    /// <summary>Origins that browsers may call from, a JSON list. Default <c>[]</c>; <c>["*"]</c> for all.</summary>
    [Variable("CONVERSATION_SERVICE_CORS_ALLOW_ORIGINS")]
    public IReadOnlyList<string> CorsAllowOrigins { get; init; } = [];

    /// <summary>The database: a URL or an Npgsql string. Default, except in production: a private server.</summary>
    [Variable("CONVERSATION_SERVICE_DATABASE_URL")]
    public string? DatabaseUrl { get; init; }

    /// <summary>A folder with PostgreSQL's programs for the private server. Default: looked for.</summary>
    [Variable("CONVERSATION_SERVICE_POSTGRES_BIN")]
    public string? PostgresBin { get; init; }

    /// <summary>The folder of the private server's data. Default: one per checkout.</summary>
    [Variable("CONVERSATION_SERVICE_POSTGRES_DATA")]
    public string? PostgresData { get; init; }

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

    /// <summary>The longest content of a message, in bytes of UTF-8. Default 1048576 (1 MiB).</summary>
    [Variable("CONVERSATION_SERVICE_MAX_CONTENT_BYTES")]
    public int MaxContentBytes { get; init; } = 1024 * 1024;

    /// <summary>The pause of the simulated runtime between two pieces of text, in milliseconds. Default 30.</summary>
    [Variable("CONVERSATION_SERVICE_SIMULATED_PACE_MS")]
    public int SimulatedPaceMs { get; init; } = 30;

    /// <summary>The least time between two ranges of a message's text, in milliseconds; the first is never delayed. Default 25.</summary>
    [Variable("CONVERSATION_SERVICE_ROLL_UP_MS")]
    public int RollUpMs { get; init; } = 25;

    /// <summary>How long a stopping service lets its runs go on, in seconds. Default 20.</summary>
    [Variable("CONVERSATION_SERVICE_DRAIN_SECONDS")]
    public int DrainSeconds { get; init; } = 20;

    /// <summary>True where mistakes may be forgiven for the sake of a quick start.</summary>
    public bool IsDevelopment => Environment == ServiceEnvironments.Development;

    /// <summary>True where they may not.</summary>
    public bool IsProduction => Environment == ServiceEnvironments.Production;
}

/// <summary>The values of CONVERSATION_SERVICE_ENVIRONMENT.</summary>
internal static class ServiceEnvironments
{
    public const string Development = "development";
    public const string Testing = "testing";
    public const string Production = "production";
}
