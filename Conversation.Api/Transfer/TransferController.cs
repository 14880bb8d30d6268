using Conversation.Api.Auth;
using Conversation.Api.Errors;
using Conversation.Api.Wire;
using Conversation.Data.Conversations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace Conversation.Api.Transfer;

/// <summary>Conversations as files.</summary>
/// <param name="callers">Who asks.</param>
/// <param name="conversations">What there is.</param>
/// <param name="export">Writes files.</param>
/// <param name="import">Reads them.</param>
[ApiController]
[Authorize]
[Route("conversations")]
[Tags("Conversations")]
public sealed class TransferController(
    CallerResolver callers, ConversationRepository conversations, ConversationExport export, ConversationImport import) : ControllerBase
{
    /// <summary>Exports a conversation as JSON lines.</summary>
    /// <remarks>
    /// First the conversation, then its messages in order, replaced answers included, then a line that says how many there were: without
    /// it the file was cut off. There are no ids in it.
    /// </remarks>
    /// <param name="conversationId">Which.</param>
    /// <param name="token">Ends the answer.</param>
    /// <response code="200">The lines, each a JSON object.</response>
    [HttpGet("{conversationId}/export", Name = "exportConversation")]
    [ProducesResponseType<string>(StatusCodes.Status200OK, TransferJson.MediaType)]
    public async Task ExportAsync(Guid conversationId, CancellationToken token)
    {
        var caller = callers.Resolve(User);
        var conversation = await conversations.FindAsync(caller, conversationId, token) ?? throw ServiceException.NotFound("Conversation");
        Response.ContentType = TransferJson.MediaType;
        Response.Headers.ContentDisposition = $"attachment; filename=\"conversation-{conversationId}.jsonl\"";
        await export.WriteAsync(caller, conversation, Response.BodyWriter, token);
    }

    /// <summary>Makes a conversation of an export.</summary>
    /// <remarks>
    /// All of it with new ids, or, where a line is refused, nothing: errors names the line. Nothing is answered by an agent. Sent again it
    /// makes another one.
    /// </remarks>
    /// <param name="ownerId">Whose it will be; a user's own id, or left out. Machines may name anyone.</param>
    /// <param name="token">Ends it; nothing is stored.</param>
    /// <response code="201">The conversation.</response>
    /// <response code="403">A user named another owner.</response>
    /// <response code="413">The file is too large.</response>
    /// <response code="415">The body is not application/x-ndjson.</response>
    /// <response code="422">A line breaks a rule.</response>
    /// <response code="429">Too many requests, or two files of the caller's, or sixteen in all, are on their way; nothing was stored. Try again after Retry-After.</response>
    [HttpPost("import", Name = "importConversation")]
    [Consumes(TransferJson.MediaType)]
    [ProducesResponseType<ConversationBody>(StatusCodes.Status201Created)]
    public async Task<CreatedResult> ImportAsync([FromQuery(Name = "owner_id")] Guid? ownerId, CancellationToken token)
    {
        var caller = callers.Resolve(User);
        var owner = callers.OwnerOfNew(caller, ownerId);
        using var place = import.Begin(caller);
        HttpContext.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = import.LongestFile;
        // To a file where it is long: neither a connection nor much memory waits for a slow client.
        Request.EnableBuffering();
        await Request.Body.DrainAsync(token);
        Request.Body.Position = 0;
        var conversation = await import.ReadAsync(owner, Request.Body, token);
        return Created(Url.RouteUrl("getConversation", new { conversationId = conversation.Id }), ConversationBody.From(conversation));
    }
}
