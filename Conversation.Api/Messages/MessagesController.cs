using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Runtime.CompilerServices;
using Conversation.Api.Auth;
using Conversation.Api.Errors;
using Conversation.Api.Limits;
using Conversation.Api.Wire;
using Conversation.Data.Access;
using Conversation.Data.Conversations;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace Conversation.Api.Messages;

/// <summary>The messages of a conversation.</summary>
/// <param name="callers">Who asks.</param>
/// <param name="versions">Where.</param>
/// <param name="messages">What there is.</param>
/// <param name="pages">Parts of that.</param>
/// <param name="sender">Stores new ones.</param>
/// <param name="limit">How long they may be.</param>
/// <param name="log">Stores changes.</param>
[ApiController]
[Authorize]
[Route("conversations/{conversationId}/messages")]
[Tags("Messages")]
public sealed class MessagesController(
    CallerResolver callers,
    VersionLoader versions,
    MessageRepository messages,
    MessagePages pages,
    MessageSender sender,
    ContentLimit limit,
    ConversationLog log) : ControllerBase
{
    /// <summary>Lists messages, oldest first.</summary>
    /// <remarks>
    /// Without limit all of them, streamed. A page is shorter where its messages are long, 4 Mi characters in all: whether there are more is
    /// said by the header Link. One that is being generated is listed with its text so far.
    /// </remarks>
    /// <param name="conversationId">Where.</param>
    /// <param name="request">Which.</param>
    /// <param name="token">Ends the query.</param>
    /// <response code="200">The messages. The header Link with rel="next" says that there are more.</response>
    [HttpGet(Name = "listMessages")]
    [ProducesResponseType<IEnumerable<MessageBody>>(StatusCodes.Status200OK)]
    public async Task<IActionResult> ListAsync(
        Guid conversationId, [FromQuery] ListMessagesRequest request, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(request);
        var caller = callers.Resolve(User);
        var range = new MessageRange(
            await SeqAsync(conversationId, "after", request.After, 0, token),
            await SeqAsync(conversationId, "before", request.Before, long.MaxValue, token),
            request.Limit,
            request.Order == "desc",
            request.Include is not null);
        if (range.Limit is null)
        {
            await CheckReachAsync(caller, conversationId, token);
            return Ok(StreamAsync(caller, conversationId, range, token));
        }

        var page = await pages.ReadAsync(caller, conversationId, range, token) ?? throw ServiceException.NotFound("Conversation");
        page.AddLink(HttpContext, range);
        return File(page.Json, "application/json; charset=utf-8");
    }

    /// <summary>Stores a message; a user's is answered by a run.</summary>
    /// <remarks>The answer comes by the feed: the reply's seq is the position to follow from. Role assistant or system, or run false, only stores.</remarks>
    /// <param name="conversationId">Where.</param>
    /// <param name="request">The message.</param>
    /// <param name="idempotencyKey">Makes a repeat safe: it is answered as the first send was, and nothing is stored again.</param>
    /// <param name="token">Ends the wait.</param>
    /// <response code="201">The stored message with its seq, from which the caller can follow on, and its run.</response>
    /// <response code="409">The conversation is busy and on_busy says reject, or the key was used for another message. Nothing was stored.</response>
    /// <response code="429">Too many runs wait; nothing was stored. Try again after Retry-After.</response>
    [HttpPost(Name = "sendMessage")]
    [ProducesResponseType<MessageBody>(StatusCodes.Status201Created)]
    public async Task<CreatedResult> SendAsync(
        Guid conversationId,
        [FromBody] SendMessageRequest request,
        [FromHeader(Name = "Idempotency-Key"), MinLength(1), MaxLength(255)] string? idempotencyKey,
        CancellationToken token)
    {
        var sent = await sender.SendAsync(callers.Resolve(User), conversationId, request, idempotencyKey, token);
        if (sent.Replayed)
        {
            Response.Headers["Idempotency-Replayed"] = "true";
        }

        return Created($"{Request.Path.Value?.TrimEnd('/')}/{sent.Message.Id}", sent.Message);
    }

    /// <summary>Reads one message.</summary>
    /// <remarks>One that is being generated comes with its text so far.</remarks>
    /// <param name="conversationId">Where.</param>
    /// <param name="messageId">Which.</param>
    /// <param name="token">Ends the query.</param>
    /// <response code="200">The message.</response>
    [HttpGet("{messageId}", Name = "getMessage")]
    [ProducesResponseType<MessageBody>(StatusCodes.Status200OK)]
    public async Task<MessageBody> GetAsync(Guid conversationId, Guid messageId, CancellationToken token) =>
        MessageBody.From(
            await messages.FindAsync(callers.Resolve(User), conversationId, messageId, token) ?? throw ServiceException.NotFound("Message"));

    /// <summary>Edits a message. One that is being generated cannot be edited: 409.</summary>
    /// <remarks>It keeps its seq. Answers that it had stay; have it answered again where they no longer fit.</remarks>
    /// <param name="conversationId">Where.</param>
    /// <param name="messageId">Which.</param>
    /// <param name="request">What to change.</param>
    /// <param name="token">Ends the wait.</param>
    /// <response code="200">The message as it is now.</response>
    /// <response code="409">It is still being generated.</response>
    [HttpPatch("{messageId}", Name = "editMessage")]
    [ProducesResponseType<MessageBody>(StatusCodes.Status200OK)]
    public async Task<MessageBody> EditAsync(
        Guid conversationId, Guid messageId, [FromBody] EditMessageRequest request, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(request);
        var metadata = request.MetadataJson ?? request.Metadata;
        limit.Check("content", request.Content);
        limit.Check("metadata_json", metadata?.Text);
        await ChangeAsync(conversationId, messageId, request.Content, metadata?.Text, delete: false, token);
        return await GetAsync(conversationId, messageId, token);
    }

    /// <summary>Deletes a message. One that is being generated cannot be deleted: 409.</summary>
    /// <remarks>Agents are no longer told of it.</remarks>
    /// <param name="conversationId">Where.</param>
    /// <param name="messageId">Which.</param>
    /// <param name="token">Ends the wait.</param>
    /// <response code="204">It is gone.</response>
    /// <response code="409">It is still being generated.</response>
    [HttpDelete("{messageId}", Name = "deleteMessage")]
    [ProducesResponseType(StatusCodes.Status204NoContent)]
    public async Task<NoContentResult> DeleteAsync(Guid conversationId, Guid messageId, CancellationToken token)
    {
        await ChangeAsync(conversationId, messageId, content: null, metadata: null, delete: true, token);
        return NoContent();
    }

    private async IAsyncEnumerable<MessageBody> StreamAsync(
        Caller caller, Guid conversationId, MessageRange range, [EnumeratorCancellation] CancellationToken token)
    {
        await foreach (var row in messages.StreamAsync(caller, conversationId, range, token))
        {
            yield return MessageBody.From(row);
        }
    }

    private async Task ChangeAsync(
        Guid conversationId, Guid messageId, string? content, string? metadata, bool delete, CancellationToken token)
    {
        var caller = callers.Resolve(User);
        var changed = await log.AppendAsync(
            new ChangeMessage
            {
                Caller = caller,
                ConversationId = conversationId,
                MessageId = messageId,
                Content = content,
                Metadata = metadata,
                Delete = delete,
            },
            token);
        if (changed is null)
        {
            var found = await messages.FindAsync(caller, conversationId, messageId, token);
            throw found is null
                ? ServiceException.NotFound("Message")
                : new ServiceException(StatusCodes.Status409Conflict, "The message is still being generated; wait for its end.");
        }
    }

    private async Task<long> SeqAsync(Guid conversationId, string field, string? text, long without, CancellationToken token)
    {
        if (string.IsNullOrEmpty(text))
        {
            return without;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seq))
        {
            return seq;
        }

        var message = Guid.TryParse(text, out var id)
            ? await messages.FindAsync(callers.Resolve(User), conversationId, id, token)
            : null;
        if (message is null)
        {
            await CheckReachAsync(callers.Resolve(User), conversationId, token);
            throw ServiceException.Invalid(field, "must be the id of a message of this conversation, or a seq");
        }

        return message.Seq;
    }

    private async Task CheckReachAsync(Caller caller, Guid conversationId, CancellationToken token) =>
        _ = await versions.FindAsync(caller, conversationId, token) ?? throw ServiceException.NotFound("Conversation");
}
