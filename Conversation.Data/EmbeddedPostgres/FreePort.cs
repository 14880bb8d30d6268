using System.Net;
using System.Net.Sockets;

namespace Conversation.Data.EmbeddedPostgres;

/// <summary>
/// A port for a server that its clients may outlive. It lies below those that the system lends to outgoing connections (from 32768 on
/// Linux, from 49152 elsewhere: RFC 6335, section 6): one of these is taken by some client while the server is away, even by one
/// that asks for the server itself, and is then connected with itself.
/// </summary>
internal static class FreePort
{
    private const int First = 10_000;
    private const int Last = 32_767;
    private const int Attempts = 100;

    /// <summary>A port of the loopback interface at which nobody listens at the moment.</summary>
    /// <exception cref="SocketException">None of many is free.</exception>
    public static int Find()
    {
        for (var attempt = 1; ; attempt++)
        {
            var port = Random.Shared.Next(First, Last + 1);
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException) when (attempt < Attempts)
            {
                // Somebody's; there are many others.
            }
        }
    }
}
