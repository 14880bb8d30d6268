using System.ComponentModel.DataAnnotations;
using Conversation.Api.Auth;
using Conversation.Api.Errors;
using Conversation.Api.Feed;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace Conversation.Api.Realtime;

/// <summary>The log of a conversation: a page of it, or a stream of server-sent events.</summary>
[ApiController]
[Authorize]
[TokenInQuery]
[Route("conversations/{conversationId}/events")]
[Tags("Events")]
public sealed class EventsController : ControllerBase
{
    private const string EventStream = "text/event-stream";

    private readonly ConversationAccess _access;
    private readonly EventStreams _streams;

    /// <summary>Made by the framework.</summary>
    /// <param name="doors">What serves it.</param>
    public EventsController(EventDoors doors)
    {
        ArgumentNullException.ThrowIfNull(doors);
        _access = doors.Access;
        _streams = doors.Streams;
    }

    /// <summary>
    /// Reads what happened after a position, in the v2 dialect. With Accept: text/event-stream the answer does not end: what happens
    /// from then on follows, each event with its position as id, and the header Last-Event-ID is honoured.
    /// </summary>
    /// <remarks>Where headers cannot be set, the token may come as ?token=.</remarks>
    /// <param name="conversationId">Where.</param>
    /// <param name="after">A position, or a seq; without one from the first event on.</param>
    /// <param name="limit">How many frames of a page at most. Default 100.</param>
    /// <param name="lastEventId">Where a stream broke off; counts more than <paramref name="after"/>.</param>
    /// <param name="token">Ends the answer.</param>
    /// <response code="200">The frames, each with the position after it.</response>
    [HttpGet(Name = "readEvents")]
    [ProducesResponseType<IEnumerable<object>>(StatusCodes.Status200OK, "application/json", EventStream)]
    public async Task ReadAsync(
        Guid conversationId,
        [FromQuery] string? after,
        [FromQuery, Range(1, 1000)] int? limit,
        [FromHeader(Name = "Last-Event-ID")] string? lastEventId,
        CancellationToken token)
    {
        var isStream = Request.GetTypedHeaders().Accept.Any(accept => accept.MediaType.Equals(EventStream, StringComparison.OrdinalIgnoreCase));
        var position = Position.Start;
        var text = isStream && !string.IsNullOrEmpty(lastEventId) ? lastEventId : after;
        if (!string.IsNullOrEmpty(text) && !Position.TryParse(text, out position))
        {
            throw ServiceException.Invalid("after", "is not a position that this service gave out");
        }

        if (!await _access.MayFollowAsync(User, conversationId, token))
        {
            throw ServiceException.NotFound("Conversation");
        }

        await (isStream
            ? _streams.StreamAsync(HttpContext, conversationId, position)
            : _streams.PageAsync(HttpContext, conversationId, position, limit ?? EventStreams.DefaultLimit));
    }
}
