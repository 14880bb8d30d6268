using System.Text;
using Conversation.Api.Configuration;
using Conversation.Api.Errors;

namespace Conversation.Api.Limits;

/// <summary>How long a text of a client may be, wherever it comes in.</summary>
public sealed class ContentLimit
{
    private readonly int _maxBytes;

    internal ContentLimit(ServiceSettings settings) => _maxBytes = settings.MaxContentBytes;

    /// <summary>
    /// The longest JSON that may hold a message, in bytes, at every door: JSON may write a byte of content in six, and metadata may be as
    /// long as content; the rest is for the other fields.
    /// </summary>
    internal static long LongestBody(ServiceSettings settings) => (settings.MaxContentBytes * 12L) + (64 * 1024);

    /// <summary>Refuses what is longer than the setting allows: 413.</summary>
    /// <param name="field">Its name on the wire.</param>
    /// <param name="text">The text, null for none.</param>
    public void Check(string field, string? text)
    {
        if (text is not null && Encoding.UTF8.GetByteCount(text) > _maxBytes)
        {
            throw new ServiceException(
                StatusCodes.Status413PayloadTooLarge, $"{field} is longer than {_maxBytes} bytes of UTF-8, which is the limit.");
        }
    }
}
