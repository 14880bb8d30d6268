using System.Net;
using Conversation.Api.Configuration;

namespace Conversation.Api.Hosting;

/// <summary>
/// Asks the service of this machine whether it is ready, as a container's health check: images without a shell have no curl. Exits 0
/// where it is, 1 where it is not.
/// </summary>
internal static class HealthProbe
{
    public const string Argument = "--check-health";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    public static async Task<int> RunAsync(string? urls, ServiceSettings settings)
    {
        var address = Address(urls ?? Startup.DefaultUrl);
        try
        {
            using var http = new HttpClient { Timeout = Patience };
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, $"{settings.RootPath}/health/ready"));
            request.Headers.Host = HostFor(settings.AllowedHosts);
            using var response = await http.SendAsync(request);
            await Console.Out.WriteLineAsync(await response.Content.ReadAsStringAsync());
            return response.StatusCode == HttpStatusCode.OK ? 0 : 1;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync($"{address} does not answer: {error.Message}");
            return 1;
        }
    }

    /// <summary>A name that the service lets in; null where it lets in every one.</summary>
    internal static string? HostFor(IReadOnlyList<string> allowed) => allowed switch
    {
        _ when allowed.Contains("*") => null,
        [['*', .. var domain], ..] => $"probe{domain}",
        _ => allowed[0],
    };

    /// <summary>The first of the addresses that the service listens on, with a name that reaches it from here.</summary>
    internal static Uri Address(string urls)
    {
        var first = urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[0];
        return new Uri(first
            .Replace("//+", "//127.0.0.1", StringComparison.Ordinal)
            .Replace("//*", "//127.0.0.1", StringComparison.Ordinal)
            .Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal)
            .Replace("//[::]", "//127.0.0.1", StringComparison.Ordinal));
    }
}
