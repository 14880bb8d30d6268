using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using Conversation.Api.AgentRuns;
using Conversation.Api.Auth;
using Conversation.Api.Errors;
using Conversation.Api.Feed;
using Conversation.Api.Limits;
using Conversation.Api.Messages;
using Conversation.Api.Observability;
using Conversation.Api.Wire;
using Conversation.Data.Postgres;

namespace Conversation.Api.Realtime;

/// <summary>A socket that speaks the v2 dialect: frames with positions out, commands in, each with a reply that repeats its id.</summary>
internal sealed class V2Socket(
    SocketConnection connection,
    ConversationFeed feed,
    MessageSender sender,
    RunCanceller canceller,
    CallerResolver callers,
    TokenVerifier tokens,
    StreamRights rights,
    RequestBudget requests,
    Guid conversation)
{
    private readonly Lock _turn = new();
    private CancellationTokenSource? _following;
    private Change? _asked;
    private ActivityContext _trace;

    public async Task RunAsync(Position? after)
    {
        _trace = ServiceTraces.Current;
        // What is read for days does not belong to the trace of the upgrade.
        ServiceTraces.Leave();
        await connection.RunAsync(() => WriteAsync(after ?? Position.Start), ReceiveAsync);
    }

    /// <summary>Follows, and, when the client asks for another position, follows again from there.</summary>
    private async Task<WebSocketCloseStatus> WriteAsync(Position after)
    {
        while (true)
        {
            using var following = CancellationTokenSource.CreateLinkedTokenSource(connection.Ending);
            try
            {
                if (Begin(following) is { } asked)
                {
                    after = asked.Position;
                    await connection.SendAsync(asked.Reply, connection.Ending);
                    asked.Replied.SetResult();
                }

                var options = new FollowOptions { Door = "socket", After = after, Heartbeats = true, Reach = rights.Caller.Reach };
                await foreach (var frame in feed.FollowAsync(conversation, options, following.Token))
                {
                    await connection.SendAsync(frame.V2, connection.Ending);
                }

                return WebSocketCloseStatus.PolicyViolation;
            }
            catch (OperationCanceledException) when (rights.HaveExpired)
            {
                return WebSocketCloseStatus.PolicyViolation;
            }
            catch (OperationCanceledException) when (!connection.Ending.IsCancellationRequested)
            {
                // The client asked for another position.
            }
        }
    }

    /// <summary>What was asked for before is taken here; what is asked for from now on ends what begins.</summary>
    private Change? Begin(CancellationTokenSource following)
    {
        lock (_turn)
        {
            _following = following;
            var asked = _asked;
            _asked = null;
            return asked;
        }
    }

    private async Task ReceiveAsync(string text)
    {
        string? id = null;
        byte[]? reply;
        try
        {
            requests.Spend(rights.Caller.Principal);
            var command = JsonSerializer.Deserialize<V2Command>(text, WireJson.Options);
            id = command?.Id;
            reply = await ObeyAsync(command ?? throw ServiceException.Invalid("body", "is required"));
        }
        catch (JsonException)
        {
            reply = V2Reply.Refused(V2Command.IdOf(text), StatusCodes.Status422UnprocessableEntity, "The command is not one this service understands.");
        }
        catch (ServiceException error)
        {
            reply = V2Reply.Refused(id ?? V2Command.IdOf(text), error.Status, error.Message);
        }
        catch (UnstorableValueException error)
        {
            reply = V2Reply.Refused(id, StatusCodes.Status422UnprocessableEntity, error.Message);
        }
        catch (DatabaseUnavailableException error)
        {
            reply = V2Reply.Refused(id, StatusCodes.Status503ServiceUnavailable, error.Message);
        }

        if (reply is not null)
        {
            await connection.SendAsync(reply, connection.Ending);
        }
    }

    /// <returns>The reply; null where it was sent already.</returns>
    private async Task<byte[]?> ObeyAsync(V2Command command)
    {
        switch (command.Type)
        {
            case "ping":
                return V2Reply.Done(command.Id, StatusCodes.Status200OK);
            case "send":
                return await SendAsync(command);
            case "cancel":
                return await CancelAsync(command);
            case "follow":
                await FollowAsync(command);
                return null;
            case "auth":
                await RenewAsync(command.Token);
                return V2Reply.Done(command.Id, StatusCodes.Status200OK);
            default:
                throw ServiceException.Invalid("type", "must be send, cancel, follow, auth or ping");
        }
    }

    private async Task<byte[]> SendAsync(V2Command command)
    {
        using var span = ServiceTraces.Command("socket.send", _trace);
        RequestValidation.Check(command.Message);
        var sent = await sender.SendAsync(rights.Caller, conversation, command.Message!, key: null, connection.Ending);
        return V2Reply.Done(command.Id, StatusCodes.Status201Created, sent.Message);
    }

    private async Task<byte[]> CancelAsync(V2Command command)
    {
        using var span = ServiceTraces.Command("socket.cancel", _trace);
        var run = await canceller.CancelAsync(
            rights.Caller, command.RunId ?? throw ServiceException.Invalid("run_id", "is required"), connection.Ending);
        return V2Reply.Done(command.Id, StatusCodes.Status202Accepted, run: run);
    }

    /// <summary>The writer replies, between the last frame of before and the first of after: so the client can tell them apart.</summary>
    private async Task FollowAsync(V2Command command)
    {
        var position = Position.Start;
        if (command.Position is { } text && !Position.TryParse(text, out position))
        {
            throw ServiceException.Invalid("position", "is not one that this service gave out");
        }

        var asked = new Change(position, V2Reply.Done(command.Id, StatusCodes.Status200OK));
        CancellationTokenSource? following;
        lock (_turn)
        {
            _asked = asked;
            following = _following;
        }

        try
        {
            await (following?.CancelAsync() ?? Task.CompletedTask);
        }
        catch (ObjectDisposedException)
        {
            // It has just ended, and the next one begins where it was asked to.
        }

        await asked.Replied.Task.WaitAsync(connection.Ending);
    }

    private async Task RenewAsync(string? token)
    {
        var principal = await tokens.VerifyAsync(token)
            ?? throw new ServiceException(StatusCodes.Status401Unauthorized, "The token is not valid.");
        if (callers.Resolve(principal) != rights.Caller)
        {
            throw new ServiceException(StatusCodes.Status403Forbidden, "The token is another caller's.");
        }

        rights.Renew(principal);
    }

    /// <summary>Another position that the client asked for, and what tells it that frames begin there.</summary>
    private sealed record Change(Position Position, byte[] Reply)
    {
        public TaskCompletionSource Replied { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
