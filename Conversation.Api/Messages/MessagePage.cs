using System.Globalization;
using System.Runtime.CompilerServices;
using Conversation.Api.Wire;
using Conversation.Data.Access;
using Conversation.Data.Messages;

namespace Conversation.Api.Messages;

/// <summary>
/// A page of messages, or, without a limit, all of them as they come from the database. A page is read before the answer begins,
/// because whether there is a next one is said in a header.
/// </summary>
internal sealed class MessagePage
{
    private readonly MessageRange _range;
    private readonly IReadOnlyList<MessageRow> _rows;
    private readonly IAsyncEnumerable<MessageRow>? _stream;
    private readonly bool _more;

    private MessagePage(MessageRange range, IReadOnlyList<MessageRow> rows, IAsyncEnumerable<MessageRow>? stream, bool more)
    {
        _range = range;
        _rows = rows;
        _stream = stream;
        _more = more;
    }

    public static async Task<MessagePage> ReadAsync(
        MessageRepository messages, Caller caller, Guid conversationId, MessageRange range, CancellationToken token)
    {
        if (range.Limit is not { } limit)
        {
            return new MessagePage(range, [], messages.StreamAsync(caller, conversationId, range, token), more: false);
        }

        var page = await messages.ListAsync(caller, conversationId, range with { Limit = limit + 1 }, token);
        var rows = page.Rows.Count > limit ? [.. page.Rows.Take(limit)] : page.Rows;
        return new MessagePage(range, rows, stream: null, more: page.IsCut || page.Rows.Count > limit);
    }

    /// <summary>Whether rows were read already; of all messages as they come, none are yet.</summary>
    public bool HasRows => _rows.Count > 0;

    /// <summary>Says where the next page is (RFC 8288).</summary>
    public void AddLink(HttpRequest request, HttpResponse response)
    {
        if (!_more)
        {
            return;
        }

        var last = _rows[^1].Seq.ToString(CultureInfo.InvariantCulture);
        var query = request.Query
            .Where(pair => pair.Key is not ("token" or "access_token") && pair.Key != (_range.NewestFirst ? "before" : "after"))
            .Append(new(_range.NewestFirst ? "before" : "after", last));
        response.Headers.Link = $"<{request.Path}{QueryString.Create(query)}>; rel=\"next\"";
    }

    /// <summary>A page as a whole, which is written without a wait between its rows; all messages as they come.</summary>
    public object Body(CancellationToken token) => _stream is null ? _rows.Select(MessageBody.From).ToArray() : StreamAsync(_stream, token);

    private static async IAsyncEnumerable<MessageBody> StreamAsync(
        IAsyncEnumerable<MessageRow> rows, [EnumeratorCancellation] CancellationToken token)
    {
        await foreach (var row in rows.WithCancellation(token))
        {
            yield return MessageBody.From(row);
        }
    }
}
