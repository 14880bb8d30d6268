using System.ComponentModel.DataAnnotations;
using Conversation.Api.Auth;
using Conversation.Api.Errors;
using Conversation.Api.Wire;
using Conversation.Data.Conversations;
using Conversation.Data.Runs;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace Conversation.Api.AgentRuns;

/// <summary>The runs that answer messages.</summary>
/// <param name="callers">Who asks.</param>
/// <param name="conversations">Where.</param>
/// <param name="runs">What there is.</param>
/// <param name="canceller">Stops them.</param>
/// <param name="repeater">Begins new ones.</param>
[ApiController]
[Authorize]
[Tags("Runs")]
public sealed class RunsController(
    CallerResolver callers,
    ConversationRepository conversations,
    RunRepository runs,
    RunCanceller canceller,
    RunRepeater repeater) : ControllerBase
{
    /// <summary>Lists the runs of a conversation, oldest first.</summary>
    /// <remarks>Those that have ended as well. Without limit all of them.</remarks>
    /// <param name="conversationId">Where.</param>
    /// <param name="request">Which.</param>
    /// <param name="token">Ends the query.</param>
    /// <response code="200">The runs.</response>
    [HttpGet("conversations/{conversationId}/runs", Name = "listRuns")]
    [ProducesResponseType<IEnumerable<RunBody>>(StatusCodes.Status200OK)]
    public async Task<IEnumerable<RunBody>> ListAsync(Guid conversationId, [FromQuery] ListRunsRequest request, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(request);
        var caller = callers.Resolve(User);
        _ = await conversations.FindAsync(caller, conversationId, token) ?? throw ServiceException.NotFound("Conversation");
        return (await runs.ListAsync(caller, conversationId, request.Limit, request.Order == "desc", token)).Select(RunBody.From);
    }

    /// <summary>Reads one run.</summary>
    /// <remarks>Whoever may read its conversation may read it.</remarks>
    /// <param name="runId">Which.</param>
    /// <param name="token">Ends the query.</param>
    /// <response code="200">The run.</response>
    [HttpGet("runs/{runId}", Name = "getRun")]
    [ProducesResponseType<RunBody>(StatusCodes.Status200OK)]
    public async Task<RunBody> GetAsync(Guid runId, CancellationToken token) =>
        RunBody.From(await runs.FindAsync(callers.Resolve(User), runId, token) ?? throw ServiceException.NotFound("Run"));

    /// <summary>Asks a run to stop; what it has said is kept. Asking again, or after its end, changes nothing.</summary>
    /// <remarks>The answer may come before the run has stopped; its end comes by the feed, and cancel_outcome says what was achieved.</remarks>
    /// <param name="runId">Which.</param>
    /// <param name="token">Ends the wait.</param>
    /// <response code="202">The run as it is now.</response>
    [HttpPost("runs/{runId}/cancel", Name = "cancelRun")]
    [ProducesResponseType<RunBody>(StatusCodes.Status202Accepted)]
    public async Task<AcceptedResult> CancelAsync(Guid runId, CancellationToken token) =>
        Accepted(await canceller.CancelAsync(callers.Resolve(User), runId, token));

    /// <summary>Has a user message answered again. The earlier answer is kept, and marked as superseded.</summary>
    /// <remarks>The new answer comes by the feed.</remarks>
    /// <param name="conversationId">Where.</param>
    /// <param name="request">Optional: which message; without it the last user message.</param>
    /// <param name="token">Ends the wait.</param>
    /// <response code="202">The new run.</response>
    /// <response code="409">The message is being answered already.</response>
    /// <response code="429">Too many runs wait. Try again after Retry-After.</response>
    [HttpPost("conversations/{conversationId}/runs", Name = "repeatRun")]
    [ProducesResponseType<RunBody>(StatusCodes.Status202Accepted)]
    public async Task<AcceptedResult> RepeatAsync(
        Guid conversationId,
        [FromBody(EmptyBodyBehavior = Microsoft.AspNetCore.Mvc.ModelBinding.EmptyBodyBehavior.Allow)] RepeatRunRequest? request,
        CancellationToken token) =>
        Accepted(await repeater.RepeatAsync(callers.Resolve(User), conversationId, request?.MessageId, token));
}

/// <summary>Which runs to list.</summary>
public sealed record ListRunsRequest
{
    /// <summary>How many at most; without it all of them.</summary>
    [Range(1, 1000)]
    public int? Limit { get; init; }

    /// <summary><c>asc</c> (default): oldest first; <c>desc</c>: newest first.</summary>
    [AllowedValues("asc", "desc", null, ErrorMessage = "must be asc or desc")]
    public string? Order { get; init; }
}

/// <summary>What to answer again.</summary>
/// <param name="MessageId">A user message; left out for the last one.</param>
public sealed record RepeatRunRequest(Guid? MessageId);
