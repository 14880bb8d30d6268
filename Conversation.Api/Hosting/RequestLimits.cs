using Conversation.Api.Configuration;

namespace Conversation.Api.Hosting;

/// <summary>How much of a request is read at all.</summary>
internal static class RequestLimits
{
    /// <summary>JSON may write a byte of content in six, and metadata may be as long as content; the rest is for the other fields.</summary>
    public static long LongestBody(ServiceSettings settings) => (settings.MaxContentBytes * 12L) + (64 * 1024);
}
