using Conversation.Api.Auth;
using Conversation.Api.Errors;
using Conversation.Api.Limits;
using Conversation.Api.Wire;
using Conversation.Data.Conversations;
using Conversation.Data.Log;
using Conversation.Data.Postgres;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace Conversation.Api.Conversations;

/// <summary>Conversations.</summary>
/// <param name="callers">Who asks.</param>
/// <param name="conversations">What there is.</param>
/// <param name="limit">How long their metadata may be.</param>
/// <param name="log">Stores changes.</param>
[ApiController]
[Authorize]
[Route("conversations")]
[Tags("Conversations")]
public sealed class ConversationsController(
    CallerResolver callers, ConversationRepository conversations, ContentLimit limit, ConversationLog log) : ControllerBase
{
    /// <summary>Makes a conversation.</summary>
    /// <remarks>A user's own; a machine may name any owner.</remarks>
    /// <param name="request">What it begins with.</param>
    /// <param name="token">Ends the wait.</param>
    /// <response code="201">The conversation.</response>
    /// <response code="403">A user named another owner.</response>
    [HttpPost(Name = "createConversation")]
    [ProducesResponseType<ConversationBody>(StatusCodes.Status201Created)]
    public async Task<CreatedResult> CreateAsync([FromBody] CreateConversationRequest request, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(request);
        limit.Check("metadata_json", request.AnyMetadata?.Text);
        var write = new CreateConversation
        {
            ConversationId = Ids.New(),
            OwnerId = callers.OwnerOfNew(callers.Resolve(User), request.OwnerId),
            Title = request.Title,
            Metadata = request.AnyMetadata?.Text,
        };
        var at = (await log.AppendAsync(write, token))!.At;
        return Created(
            $"{Request.Path.Value?.TrimEnd('/')}/{write.ConversationId}",
            ConversationBody.From(new ConversationRow(
                write.ConversationId, write.OwnerId, write.Title, write.Metadata, "pending", "enqueue", LastSeq: 0, at, at)));
    }

    /// <summary>Lists conversations, the latest active first.</summary>
    /// <remarks>A user's own; a machine sees all. A page is shorter where their metadata is long, 4 Mi characters in all.</remarks>
    /// <param name="request">Which.</param>
    /// <param name="token">Ends the query.</param>
    /// <response code="200">The conversations. The header Link with rel="next" says that there are more.</response>
    [HttpGet(Name = "listConversations")]
    [ProducesResponseType<IEnumerable<ConversationBody>>(StatusCodes.Status200OK)]
    public async Task<IEnumerable<ConversationBody>> ListAsync([FromQuery] ListConversationsRequest request, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(request);
        var after = ConversationCursorText.Parse(request.After);
        var page = await conversations.ListAsync(callers.Resolve(User), request.Limit + 1, after, token);
        var rows = page.Rows.Take(request.Limit).ToArray();
        if (page.IsCut || page.Rows.Count > request.Limit)
        {
            var next = ConversationCursorText.Format(rows[^1]);
            Response.Headers.Link = $"<{Request.Path}?limit={request.Limit}&after={next}>; rel=\"next\"";
        }

        return rows.Select(ConversationBody.From);
    }

    /// <summary>Reads one conversation.</summary>
    /// <remarks>Its last_seq is a position to follow from.</remarks>
    /// <param name="conversationId">Which.</param>
    /// <param name="token">Ends the query.</param>
    /// <response code="200">The conversation.</response>
    [HttpGet("{conversationId}", Name = "getConversation")]
    [ProducesResponseType<ConversationBody>(StatusCodes.Status200OK)]
    public async Task<ConversationBody> GetAsync(Guid conversationId, CancellationToken token) =>
        ConversationBody.From(
            await conversations.FindAsync(callers.Resolve(User), conversationId, token) ?? throw ServiceException.NotFound("Conversation"));

    /// <summary>Changes title, metadata, status or on_busy.</summary>
    /// <remarks>What is left out stays as it is.</remarks>
    /// <param name="conversationId">Which.</param>
    /// <param name="request">What to change.</param>
    /// <param name="token">Ends the wait.</param>
    /// <response code="200">The conversation as it is now.</response>
    [HttpPatch("{conversationId}", Name = "changeConversation")]
    [ProducesResponseType<ConversationBody>(StatusCodes.Status200OK)]
    public async Task<ConversationBody> ChangeAsync(
        Guid conversationId, [FromBody] ChangeConversationRequest request, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(request);
        var metadata = (request.MetadataJson ?? request.Metadata)?.Text;
        limit.Check("metadata_json", metadata);
        _ = await log.AppendAsync(
            new ChangeConversation
            {
                Caller = callers.Resolve(User),
                ConversationId = conversationId,
                Title = request.Title,
                Metadata = metadata,
                Status = request.Status,
                OnBusy = request.OnBusy,
            },
            token) ?? throw ServiceException.NotFound("Conversation");
        return await GetAsync(conversationId, token);
    }

    /// <summary>Deletes a conversation: its runs and its followers end.</summary>
    /// <remarks>It is gone for everyone at once, and cannot be brought back.</remarks>
    /// <param name="conversationId">Which.</param>
    /// <param name="token">Ends the wait.</param>
    /// <response code="204">It is gone.</response>
    [HttpDelete("{conversationId}", Name = "deleteConversation")]
    [ProducesResponseType(StatusCodes.Status204NoContent)]
    public async Task<NoContentResult> DeleteAsync(Guid conversationId, CancellationToken token)
    {
        _ = await log.AppendAsync(
            new ChangeConversation { Caller = callers.Resolve(User), ConversationId = conversationId, Delete = true }, token)
            ?? throw ServiceException.NotFound("Conversation");
        return NoContent();
    }
}
