using Conversation.Api.Errors;
using Conversation.Api.Messages;
using Conversation.Api.Observability;
using Conversation.Api.Wire;
using Conversation.Data.Access;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>Has messages answered again.</summary>
public sealed class RunRepeater
{
    private readonly ConversationLog _log;
    private readonly MessageRepository _messages;
    private readonly RunRepository _runs;
    private readonly IRunDispatch _dispatch;
    private readonly TimeProvider _time;

    internal RunRepeater(ConversationLog log, MessageRepository messages, RunRepository runs, IRunDispatch dispatch, TimeProvider time)
    {
        _log = log;
        _messages = messages;
        _runs = runs;
        _dispatch = dispatch;
        _time = time;
    }

    /// <summary>Queues a new run for a user message; its earlier answers are kept, and marked as superseded.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="conversationId">Where.</param>
    /// <param name="messageId">Which user message; null for the last one.</param>
    /// <param name="token">Ends the wait.</param>
    /// <returns>The new run.</returns>
    /// <exception cref="ServiceException">404: no such message; 409: it is being answered already; 422: it is not a user's; 429: too many runs wait.</exception>
    public async Task<RunBody> RepeatAsync(Caller caller, Guid conversationId, Guid? messageId, CancellationToken token)
    {
        var message = messageId is { } id
            ? await _messages.FindAsync(caller, conversationId, id, token)
            : await _messages.FindLastAsync(caller, conversationId, MessageRole.User, token);
        if (message is null)
        {
            throw ServiceException.NotFound("Message");
        }

        if (message.Role != MessageRole.User)
        {
            throw ServiceException.Invalid("message_id", "must be the id of a user message");
        }

        if (_dispatch.IsFull)
        {
            throw ServiceException.TooManyRuns();
        }

        var run = _dispatch.Prepare(onBusy: null);
        var repeated = await AppendAsync(
            new RepeatRun { Caller = caller, ConversationId = conversationId, MessageId = message.Id, Run = run }, token)
            ?? throw ServiceException.NotFound("Message");
        if (repeated.IsPending)
        {
            throw new ServiceException(
                StatusCodes.Status409Conflict, "This message is being answered already; wait for the end of its run, or cancel it.");
        }

        return RunBody.From(await _runs.FindAsync(caller, run.Id, token) ?? throw ServiceException.NotFound("Run"));
    }

    private async Task<RepeatedRun?> AppendAsync(RepeatRun write, CancellationToken token)
    {
        var askedAt = _time.GetTimestamp();
        var asked = ServiceTraces.Current;
        try
        {
            return await _log.AppendAsync(
                write,
                token,
                stored =>
                {
                    if (!stored.IsPending)
                    {
                        _dispatch.Stored(write.ConversationId, write.Run, stored.Claimed, interrupted: null, askedAt, asked);
                    }
                });
        }
        finally
        {
            _dispatch.Release(write.Run);
        }
    }
}
