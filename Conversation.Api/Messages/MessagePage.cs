using System.Globalization;
using Conversation.Data.Messages;

namespace Conversation.Api.Messages;

/// <summary>A page of messages as it is answered.</summary>
/// <param name="Json">The messages, an array in UTF-8.</param>
/// <param name="Last">Where there are more, the seq of the last one.</param>
internal sealed record MessagePage(byte[] Json, long? Last)
{
    /// <summary>Says where the next page is (RFC 8288), in a header, so that the body is the messages alone.</summary>
    public void AddLink(HttpContext context, MessageRange range)
    {
        if (Last is not { } last)
        {
            return;
        }

        var query = context.Request.Query
            .Where(pair => pair.Key is not ("token" or "access_token") && pair.Key != (range.NewestFirst ? "before" : "after"))
            .Append(new(range.NewestFirst ? "before" : "after", last.ToString(CultureInfo.InvariantCulture)));
        context.Response.Headers.Link = $"<{context.Request.Path}{QueryString.Create(query)}>; rel=\"next\"";
    }
}
