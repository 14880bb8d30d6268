using System.Net.WebSockets;
using Conversation.Api.Feed;
using Conversation.Api.Limits;

namespace Conversation.Api.Realtime;

/// <summary>A socket that speaks the legacy dialect: frames go out as they happen; what the client sends is echoed to it.</summary>
internal sealed class LegacySocket(SocketConnection connection, StreamRights rights, RequestBudget requests)
{
    public Task RunAsync(IAsyncEnumerable<FeedFrame> frames) => connection.RunAsync(
        () => WriteAsync(frames),
        EchoAsync);

    /// <summary>The dialect has no word for a refusal: whoever sends more than its budget is read more slowly.</summary>
    private async Task EchoAsync(string text)
    {
        await requests.SpendSlowlyAsync(rights.Caller.Principal, connection.Ending);
        await connection.SendAsync(LegacyDialect.Echo(text), connection.Ending);
    }

    private async Task<WebSocketCloseStatus> WriteAsync(IAsyncEnumerable<FeedFrame> frames)
    {
        try
        {
            await foreach (var frame in frames)
            {
                if (frame is RestartFrame)
                {
                    return SocketConnection.ServiceRestart;
                }

                foreach (var bytes in frame.Legacy)
                {
                    await connection.SendAsync(bytes, connection.Ending);
                }
            }
        }
        catch (OperationCanceledException) when (rights.HaveExpired)
        {
            // The token's time is up: told as the loss of any other right.
        }

        // The feed ends by itself only when the conversation, or the right to follow it, is gone.
        return WebSocketCloseStatus.PolicyViolation;
    }
}
