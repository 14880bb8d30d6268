using System.Net;
using System.Net.Sockets;

namespace Conversation.Tests.Infrastructure;

/// <summary>A port that nobody should connect to, and that notices when somebody does.</summary>
internal sealed class Tripwire : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public Tripwire() => _listener.Start();

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/";

    /// <summary>Whether a connection waits to be accepted.</summary>
    public bool WasTouched => _listener.Pending();

    public void Dispose() => _listener.Dispose();
}
