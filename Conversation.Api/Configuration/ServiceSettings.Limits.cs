using System.ComponentModel.DataAnnotations;

namespace Conversation.Api.Configuration;

/// <content>How much one client may ask for.</content>
internal sealed partial record ServiceSettings
{
    /// <summary>Requests a minute and principal, at every door together; all of them may come at once. Default 1200; 0 for no limit.</summary>
    [Variable("CONVERSATION_SERVICE_RATE_LIMIT")]
    [Range(0, int.MaxValue)]
    public int RateLimit { get; init; } = 1200;

    /// <summary>Requests a minute and address, tokens or not. Default 0: no limit, because many may share an address.</summary>
    [Variable("CONVERSATION_SERVICE_ADDRESS_RATE_LIMIT")]
    [Range(0, int.MaxValue)]
    public int AddressRateLimit { get; init; }

    /// <summary>Sockets, hub connections and event streams of one principal on one node. Default 100; 0 for no limit.</summary>
    [Variable("CONVERSATION_SERVICE_MAX_CONNECTIONS_PER_PRINCIPAL")]
    [Range(0, int.MaxValue)]
    public int MaxConnectionsPerPrincipal { get; init; } = 100;

    /// <summary>Conversations that one hub connection follows at the same time. Default 100; 0 for no limit.</summary>
    [Variable("CONVERSATION_SERVICE_MAX_FOLLOWED_PER_CONNECTION")]
    [Range(0, int.MaxValue)]
    public int MaxFollowedPerConnection { get; init; } = 100;

    /// <summary>The longest file that is imported, in bytes. Default 67108864 (64 MiB).</summary>
    [Variable("CONVERSATION_SERVICE_MAX_IMPORT_BYTES")]
    [Range(1, int.MaxValue)]
    public int MaxImportBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>The longest headers of a request, all together, in bytes: at most the 1 MiB that is read ahead. Default 32768.</summary>
    [Variable("CONVERSATION_SERVICE_MAX_HEADER_BYTES")]
    [Range(1024, 1024 * 1024)]
    public int MaxHeaderBytes { get; init; } = 32 * 1024;

    /// <summary>How long a client may take to send the headers of a request, in seconds. Default 15.</summary>
    [Variable("CONVERSATION_SERVICE_HEADER_TIMEOUT_SECONDS")]
    [Range(1, 3600)]
    public int HeaderTimeoutSeconds { get; init; } = 15;

    /// <summary>
    /// The slowest pace of a request's body, and of a message on a socket, after its first five seconds, in bytes a second. Default 240; 0
    /// for no limit.
    /// </summary>
    [Variable("CONVERSATION_SERVICE_MIN_BODY_BYTES_PER_SECOND")]
    [Range(0, int.MaxValue)]
    public int MinBodyBytesPerSecond { get; init; } = 240;

    /// <summary>Names that requests may be for, a JSON list; <c>*.example.com</c> for subdomains. Default <c>["*"]</c>: all.</summary>
    [Variable("CONVERSATION_SERVICE_ALLOWED_HOSTS")]
    public IReadOnlyList<string> AllowedHosts { get; init; } = ["*"];

    /// <summary>
    /// Addresses or networks of proxies whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed, a JSON list. Default
    /// <c>[]</c>: nobody's.
    /// </summary>
    [Variable("CONVERSATION_SERVICE_TRUSTED_PROXIES")]
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];
}
