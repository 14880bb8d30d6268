using System.IO.Pipelines;
using System.Text.Json;
using Conversation.Api.Errors;
using Conversation.Api.Wire;
using Conversation.Data.Access;
using Conversation.Data.Conversations;
using Conversation.Data.Messages;

namespace Conversation.Api.Transfer;

/// <summary>Writes a conversation as JSON lines, as fast as its reader takes them.</summary>
public sealed class ConversationExport
{
    /// <summary>Bytes that are gathered before they are sent, and their reader waited for.</summary>
    private const int FlushLength = 64 * 1024;

    private readonly ConversationRepository _conversations;
    private readonly MessageRepository _messages;

    internal ConversationExport(ConversationRepository conversations, MessageRepository messages)
    {
        _conversations = conversations;
        _messages = messages;
    }

    /// <summary>Writes everything that was there at the beginning.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="conversation">Which.</param>
    /// <param name="to">Where to; a slow reader is waited for.</param>
    /// <param name="token">Ends it.</param>
    /// <exception cref="ServiceException">404: the conversation was deleted meanwhile. There is no end line.</exception>
    public async Task WriteAsync(Caller caller, ConversationRow conversation, PipeWriter to, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        ArgumentNullException.ThrowIfNull(to);
        var range = new MessageRange(Before: conversation.LastSeq + 1, WithSuperseded: true);
        await using var rows = _messages.StreamAsync(caller, conversation.Id, range, token).GetAsyncEnumerator(token);
        // Nothing is written before the first page was read: until then a failure is answered as one.
        var isThere = await rows.MoveNextAsync();
        Write(to, new ConversationLine
        {
            Format = ConversationLine.CurrentFormat,
            Title = conversation.Title,
            MetadataJson = RawJson.From(conversation.Metadata),
            Status = conversation.Status,
            OnBusy = conversation.OnBusy,
            CreatedAt = conversation.CreatedAt,
        });
        await to.FlushAsync(token);
        var count = 0L;
        for (; isThere; isThere = await rows.MoveNextAsync())
        {
            var row = rows.Current;
            Write(to, new MessageLine
            {
                Role = row.Role,
                Content = row.Content,
                MetadataJson = RawJson.From(row.Metadata),
                Status = row.Status,
                FinishReason = row.FinishReason,
                CreatedAt = row.CreatedAt,
                UpdatedAt = row.UpdatedAt,
            });
            count++;
            if (to.UnflushedBytes >= FlushLength)
            {
                await to.FlushAsync(token);
            }
        }

        // A conversation that was deleted meanwhile has no more messages: that must not look like an end.
        _ = await _conversations.FindAsync(caller, conversation.Id, token) ?? throw ServiceException.NotFound("Conversation");
        Write(to, new EndLine { Messages = count });
        await to.FlushAsync(token);
    }

    private static void Write(PipeWriter to, TransferLine line)
    {
        using (var writer = new Utf8JsonWriter(to, WireJson.WriterOptions))
        {
            JsonSerializer.Serialize(writer, line, TransferJson.Options);
        }

        to.GetSpan(1)[0] = (byte)'\n';
        to.Advance(1);
    }
}
