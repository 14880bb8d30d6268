using System.Collections.Concurrent;

namespace Conversation.Api.Limits;

/// <summary>
/// The tokens of the hub's connections on this node whose clients send by requests. A token that is made up is not among them.
/// </summary>
internal sealed class HubConnections
{
    private readonly ConcurrentDictionary<string, bool> _open = new();

    /// <summary>Whether a request belongs to a connection that is open.</summary>
    public bool Have(HttpContext request) => TokenOf(request) is { } token && _open.ContainsKey(token);

    /// <summary>One more; dispose it when the connection has ended.</summary>
    /// <param name="request">By which it was opened; on a socket it names no token.</param>
    public IDisposable Open(HttpContext? request)
    {
        var token = TokenOf(request);
        if (token is not null)
        {
            _open[token] = true;
        }

        return new Entry(this, token);
    }

    private static string? TokenOf(HttpContext? request) => request?.Request.Query["id"].FirstOrDefault();

    private sealed class Entry(HubConnections connections, string? token) : IDisposable
    {
        public void Dispose()
        {
            if (token is not null)
            {
                connections._open.TryRemove(token, out _);
            }
        }
    }
}
