using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Conversation.Api.Auth;
using Conversation.Api.Background;
using Conversation.Api.Feed;
using Conversation.Api.Limits;
using Conversation.Data.Postgres;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Conversation.Api.Realtime;

/// <summary>Writes frames as a JSON page, or as server-sent events (WHATWG HTML, section 9.2).</summary>
internal sealed partial class EventStreams(
    ConversationFeed feed,
    CallerResolver callers,
    TokenExpiry expiry,
    ConnectionBudget connections,
    NodeStop stop,
    TimeProvider time,
    ILogger<EventStreams> logger)
{
    public const int DefaultLimit = 100;

    /// <summary>How long a client waits before it comes back, in milliseconds.</summary>
    private const string Opening = "retry: 1000\n\n";

    public async Task PageAsync(HttpContext context, Guid conversation, Position after, int limit)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        var body = context.Response.BodyWriter;
        var before = (byte)'[';
        // Nothing is written before the first page of the log is read, so that an outage has its own status.
        await foreach (var frame in feed.ReadAsync(conversation, new FollowOptions { After = after }, limit, context.RequestAborted))
        {
            // Encoded before anything is written: what fails has a status of its own as well.
            var bytes = frame.V2;
            body.Write([before]);
            await body.WriteAsync(bytes, context.RequestAborted);
            before = (byte)',';
        }

        await body.WriteAsync(before == '[' ? "[]"u8.ToArray() : "]"u8.ToArray(), context.RequestAborted);
    }

    public async Task StreamAsync(HttpContext context, Guid conversation, Position after)
    {
        var caller = callers.Resolve(context.User);
        using var pass = connections.Take(caller.Principal);
        using var stream = stop.Open();
        using var rights = new StreamRights(caller, context.User, expiry, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(
            context.RequestAborted, stream.Leaving, rights.End);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        // A reader that pauses is not cut off for it: what it missed is one longer range.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var body = context.Response.BodyWriter;
        var options = new FollowOptions { Door = "sse", After = after, Heartbeats = true, Reach = caller.Reach };
        try
        {
            await body.WriteAsync(Encoding.UTF8.GetBytes(Opening), ending.Token);
            await foreach (var frame in feed.FollowAsync(conversation, options, ending.Token))
            {
                Write(body, frame);
                await body.FlushAsync(ending.Token);
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client left, its token expired, or the service stops: the answer ends, and the client comes back with its position.
        }
        catch (DatabaseUnavailableException error)
        {
            // The status is sent already. A 503 would be no gain: EventSource comes back after an end, but never after an error status.
            Log.Ended(logger, error);
        }

        if (stream.Leaving.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            // Each client is given a pause of its own, so that they do not come back all at once.
            await body.WriteAsync(Encoding.UTF8.GetBytes($"retry: {stream.ReconnectAfter}\n\n"), context.RequestAborted);
        }
    }

    /// <summary>A heartbeat has no id, because nothing happened; it comes with a comment, for readers that only want to see life.</summary>
    private static void Write(PipeWriter body, FeedFrame frame)
    {
        if (frame is HeartbeatFrame)
        {
            body.Write(": keep-alive\n"u8);
        }
        else
        {
            body.Write("id: "u8);
            Encoding.UTF8.GetBytes(frame.Position.ToString(), body);
            body.Write("\n"u8);
        }

        body.Write("data: "u8);
        body.Write(frame.V2);
        body.Write("\n\n"u8);
    }

    private static partial class Log
    {
        [LoggerMessage(620, LogLevel.Warning, "A stream ends because the log cannot be read at the moment; its client comes back.")]
        public static partial void Ended(ILogger logger, Exception error);
    }
}
