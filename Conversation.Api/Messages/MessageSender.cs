using System.Security.Cryptography;
using System.Text;
using Conversation.Api.Errors;
using Conversation.Api.Limits;
using Conversation.Api.Observability;
using Conversation.Api.Wire;
using Conversation.Data.Access;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Conversation.Data.Postgres;

namespace Conversation.Api.Messages;

/// <summary>Stores what clients send, the same way at every door.</summary>
public sealed class MessageSender
{
    private readonly ConversationLog _log;
    private readonly IRunDispatch _runs;
    private readonly TimeProvider _time;
    private readonly ContentLimit _limit;

    internal MessageSender(ConversationLog log, IRunDispatch runs, ContentLimit limit, TimeProvider time)
    {
        _log = log;
        _runs = runs;
        _time = time;
        _limit = limit;
    }

    /// <summary>Stores a message, and with a user's its run, in one commit.</summary>
    /// <param name="caller">Who sends.</param>
    /// <param name="conversationId">Where.</param>
    /// <param name="request">A valid request.</param>
    /// <param name="key">What makes a repeat recognisable, null for nothing.</param>
    /// <param name="token">Ends the wait for the answer.</param>
    public async Task<SentMessage> SendAsync(
        Caller caller, Guid conversationId, SendMessageRequest request, string? key, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(request);
        _limit.Check("content", request.Content!);
        _limit.Check("metadata_json", request.AnyMetadata?.Text);

        var asks = request is { Role: MessageRole.User, Run: true };
        var isFull = asks && _runs.IsFull;
        var sendKey = (key ?? request.ClientMessageId) is { } given ? new SendKey(given, Hash(request)) : null;
        if (isFull && sendKey is null)
        {
            throw ServiceException.TooManyRuns();
        }

        // Current before the run is prepared, which keeps it as its trace.
        using var span = ServiceTraces.Commit("message.append");
        var write = new AppendMessage
        {
            Caller = caller,
            ConversationId = conversationId,
            MessageId = Ids.New(),
            Role = request.Role!,
            Content = request.Content!,
            Metadata = request.AnyMetadata?.Text,
            Run = asks ? _runs.Prepare(request.OnBusy) : null,
            Key = sendKey,
            // What was stored before is not refused: its sender would send it again as something new.
            OnlyRepeats = isFull,
        };
        var stored = await AppendAsync(write, token) ?? throw ServiceException.NotFound("Conversation");
        if (stored.Outcome == AppendOutcome.KeyReused)
        {
            throw new ServiceException(
                StatusCodes.Status409Conflict, "This idempotency key was used before for another message; nothing was stored.");
        }

        if (stored.Outcome == AppendOutcome.Busy)
        {
            throw new ServiceException(
                StatusCodes.Status409Conflict, "An answer is being made, and on_busy is reject; nothing was stored.");
        }

        if (stored.Outcome == AppendOutcome.New)
        {
            throw ServiceException.TooManyRuns();
        }

        return new SentMessage(Body(write, stored), stored.Outcome == AppendOutcome.Replayed);
    }

    private async Task<AppendedMessage?> AppendAsync(AppendMessage write, CancellationToken token)
    {
        if (write.Run is not { } run)
        {
            return await _log.AppendAsync(write, token);
        }

        try
        {
            return await _log.AppendAsync(write, token, Taking(write.ConversationId, run));
        }
        finally
        {
            _runs.Release(run);
        }
    }

    /// <summary>The run begins with the commit: whoever asked for it may be gone by then, or have been told that the outcome is unknown.</summary>
    private Action<AppendedMessage> Taking(Guid conversationId, NewRun run)
    {
        var askedAt = _time.GetTimestamp();
        var asked = ServiceTraces.Current;
        return stored =>
        {
            if (stored.Outcome == AppendOutcome.Stored)
            {
                _runs.Stored(conversationId, run, stored.Claimed, stored.Interrupted, askedAt, asked);
            }
        };
    }

    /// <summary>The same for a first send and for its repeats: a repeat with an equal hash asked for equal values.</summary>
    private static MessageBody Body(AppendMessage write, AppendedMessage stored) => new(
        stored.MessageId,
        write.ConversationId,
        stored.Seq,
        write.Role,
        write.Content,
        RawJson.From(write.Metadata),
        RawJson.From(write.Metadata),
        MessageStatus.Stored,
        FinishReason: null,
        stored.RunId,
        stored.At,
        stored.At);

    /// <summary>Each part with its length, so that no two requests share a hash by moving text from one part to the next.</summary>
    private static byte[] Hash(SendMessageRequest request)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in (string[])[request.Role!, request.Content!, request.AnyMetadata?.Text ?? "", request.Run ? "run" : "store", request.OnBusy ?? ""])
        {
            hash.AppendData(BitConverter.GetBytes(part.Length));
            hash.AppendData(Encoding.UTF8.GetBytes(part));
        }

        return hash.GetHashAndReset();
    }
}

/// <summary>A stored message.</summary>
/// <param name="Message">As every door sends it.</param>
/// <param name="Replayed">True when an earlier send with the same key had stored it.</param>
public sealed record SentMessage(MessageBody Message, bool Replayed);
