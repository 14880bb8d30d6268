using System.Net.WebSockets;
using System.Text;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Faults;

/// <summary>
/// A legacy client that comes back when it is cut off. It has no position, so what can be asked of it is less: between joining and
/// leaving, the text of each answer is shown from its start, once and in order.
/// </summary>
internal sealed class LegacyWatcher(Guid conversation, string text, ApiClient[] homes)
{
    private static readonly string[] Known = ["connected", "ack", "info", "warn", "stream", "complete"];
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>How many answers it saw to their end.</summary>
    public int Answers { get; private set; }

    /// <summary>The first thing that was wrong, null for nothing.</summary>
    public string? Fault { get; private set; }

    public async Task WatchAsync(CancellationToken over)
    {
        for (var home = 0; !over.IsCancellationRequested; home++)
        {
            try
            {
                await using var socket = await LegacyClient.ConnectAsync(homes[home % homes.Length], conversation);
                await SeeAsync(socket).WaitAsync(over);
            }
            catch (Exception error) when (error is WebSocketException or HttpRequestException or IOException or OperationCanceledException)
            {
                // Cut off, or over.
            }

            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task SeeAsync(LegacyClient socket)
    {
        var shown = new StringBuilder();
        while (await socket.NextAsync() is { } frame)
        {
            var type = LegacyClient.TypeOf(frame);
            if (!Known.Contains(type))
            {
                Fault ??= $"A legacy frame of type {type}.";
            }
            else if (type == "stream")
            {
                shown.Append(frame.GetProperty("content").GetString());
                if (!text.StartsWith(shown.ToString(), StringComparison.Ordinal))
                {
                    Fault ??= $"A legacy client was shown: {shown}";
                }
            }
            else if (type == "complete")
            {
                Answers++;
                shown.Clear();
            }
        }
    }
}
