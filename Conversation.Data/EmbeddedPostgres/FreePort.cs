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

    /// <summary>
    /// They are dealt in turn, from a place of this process's own: of two drawn by lot for servers that start at once, some are the same.
    /// </summary>
    private static int _dealt = Random.Shared.Next(Last - First + 1);

    /// <summary>
    /// A port of the loopback interface at which nobody listens at the moment, and which this process was not told for long: a server
    /// that is told one takes seconds until it listens, and may be away for a while.
    /// </summary>
    /// <exception cref="SocketException">None of many is free.</exception>
    public static int Find()
    {
        for (var attempt = 1; ; attempt++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _dealt) % (Last - First + 1));
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
