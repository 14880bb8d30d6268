namespace Conversation.Api.Realtime;

/// <summary>The bounds of plain WebSockets.</summary>
internal sealed record SocketOptions
{
    /// <summary>A day, in seconds: timers cannot wait for more than 49, as a few bytes a second would let them.</summary>
    private const int LongestWait = 24 * 60 * 60;

    /// <summary>The longest command of the v2 dialect, in bytes: what POST takes as a body. Beyond it the socket is closed with 1009.</summary>
    public required long MaxCommandBytes { get; init; }

    /// <summary>The longest text that a legacy client may send, in bytes; beyond it the socket is closed with 1009.</summary>
    public required long MaxEchoBytes { get; init; }

    /// <summary>
    /// The slowest pace of a message after its <see cref="MessageGrace"/>, in bytes a second, as of a request's body; beyond it the socket is
    /// closed with 1008. 0 for no limit.
    /// </summary>
    public required int MinBytesPerSecond { get; init; }

    /// <summary>How long any message may take that a client has begun. Default 5 s.</summary>
    public TimeSpan MessageGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Browsers' origins besides the service's own; <c>*</c> for all.</summary>
    public required IReadOnlyList<string> AllowedOrigins { get; init; }

    /// <summary>How often a silent socket is pinged. Default 30 s.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a pong may take before the socket counts as dead, from when the ping is due. It waits behind the frame that is being sent, and
    /// the client answers once it has read both: with less, a reader whose link takes longer for one frame would be cut off, and again when it
    /// comes back. Default 2 min, in which 50 KB/s carry 6 MB, far more than the longest message of a client.
    /// </summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a message may take of which so much has come; null for as long as it likes.</summary>
    public TimeSpan? TimeFor(int bytes) =>
        MinBytesPerSecond == 0 ? null : MessageGrace + TimeSpan.FromSeconds(Math.Min((double)bytes / MinBytesPerSecond, LongestWait));

    /// <summary>
    /// Browsers do not apply CORS to WebSockets (RFC 6455, section 10.2): the server checks. Programs send no origin.
    /// </summary>
    public bool AllowsOrigin(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0
            || AllowedOrigins.Contains("*")
            || AllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase)
            || string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }
}
