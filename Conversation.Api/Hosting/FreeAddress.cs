using System.Net;
using System.Net.Sockets;

namespace Conversation.Api.Hosting;

/// <summary>
/// Whether the service may listen where it is to. Asked before anything is started for it: the host itself would say so late, and in a
/// trace for each thing that it had begun.
/// </summary>
internal static class FreeAddress
{
    /// <param name="urls">As ASPNETCORE_URLS has them, with semicolons between them.</param>
    /// <exception cref="SettingsException">One of them is taken, or is not for this user.</exception>
    /// <exception cref="FormatException">One of them is no address.</exception>
    public static void Require(string urls)
    {
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var address = BindingAddress.Parse(url);
            foreach (var place in address.IsUnixPipe || address.Port == 0 ? [] : Places(address.Host))
            {
                Try(url, new IPEndPoint(place, address.Port));
            }
        }
    }

    /// <summary>As Kestrel reads hosts: a name that is none of this machine's own stands for all of its addresses.</summary>
    private static IPAddress[] Places(string host) => host switch
    {
        "localhost" => [IPAddress.Loopback, IPAddress.IPv6Loopback],
        _ when IPAddress.TryParse(host, out var address) => [address],
        _ => [IPAddress.Any],
    };

    private static void Try(string url, IPEndPoint place)
    {
        try
        {
            using var socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(place);
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            var why = error.SocketErrorCode == SocketError.AccessDenied ? "is not for this user to listen at" : "is in use already";
            throw new SettingsException(url, $"{why}: set another by ASPNETCORE_URLS or --urls");
        }
        catch (SocketException)
        {
            // Such as IPv6 on a machine that has none: the server knows what to make of it.
        }
    }
}
