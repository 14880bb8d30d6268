using System.ComponentModel.DataAnnotations;

namespace Conversation.Api.Configuration;

/// <summary>
/// Everything that can be set, each by one environment variable; a part for each feature. The README's table and a test hold them
/// together.
/// </summary>
internal sealed partial record ServiceSettings
{
    /// <summary><c>development</c> (default), <c>testing</c> or <c>production</c>.</summary>
    [Variable("CONVERSATION_SERVICE_ENVIRONMENT")]
    public string Environment { get; init; } = ServiceEnvironments.Development;

    /// <summary>Logs at level DEBUG, unless another level is set. Default false; it never changes what answers say.</summary>
    [Variable("CONVERSATION_SERVICE_DEBUG")]
    public bool Debug { get; init; }

    /// <summary>The least level that is logged: Python's names or .NET's. Default INFO.</summary>
    [Variable("CONVERSATION_SERVICE_LOGGING_LEVEL")]
    public string LoggingLevel { get; init; } = "INFO";

    /// <summary>The path before every route of the API. Default <c>/api/v1</c>; <c>/</c> for none.</summary>
    [Variable("CONVERSATION_SERVICE_ROOT_PATH")]
    public string RootPath { get; init; } = "/api/v1";

    /// <summary>Origins that browsers may call from, a JSON list. Default <c>["*"]</c>: all, each echoed.</summary>
    [Variable("CONVERSATION_SERVICE_CORS_ALLOW_ORIGINS")]
    public IReadOnlyList<string> CorsAllowOrigins { get; init; } = ["*"];

    /// <summary>The longest content of a message, and the longest metadata of a message or conversation, in bytes of UTF-8. Default 1048576 (1 MiB).</summary>
    [Variable("CONVERSATION_SERVICE_MAX_CONTENT_BYTES")]
    [Range(1, 64 * 1024 * 1024)]
    public int MaxContentBytes { get; init; } = 1024 * 1024;

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
