using Conversation.Api.Configuration;

namespace Conversation.Api.Hosting;

/// <summary>How much of a request is read at all.</summary>
internal static class RequestLimits
{
    /// <summary>Sockets carry their token in the request line, and tokens of 10 KB exist; the same as headers may have in all.</summary>
    public const int LongestLine = 32 * 1024;

    /// <summary>JSON may write a byte of content in six, and metadata may be as long as content; the rest is for the other fields.</summary>
    public static long LongestBody(ServiceSettings settings) => (settings.MaxContentBytes * 12L) + (64 * 1024);
}
