using System.Net.WebSockets;
using System.Text;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Faults;

/// <summary>
/// A legacy client that comes back when it is cut off. It has no position, so what can be asked of it is less: between joining and
/// leaving, the text of each answer is shown from its start, once and in order, and all of it before an end that nothing warned of.
/// </summary>
/// <param name="conversation">Where it watches.</param>
/// <param name="text">Every answer's text.</param>
/// <param name="mayBreak">Whether an answer of which it is warned may have less.</param>
/// <param name="homes">The nodes that it comes back to in turn.</param>
internal sealed class LegacyWatcher(Guid conversation, string text, bool mayBreak, ApiClient[] homes)
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
        var isWarned = false;
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
            else if (type == "warn")
            {
                isWarned |= frame.GetProperty("message").GetString() is "run_interrupted" or "run_failed";
            }
            else if (type == "complete")
            {
                if (shown.Length < text.Length && !(mayBreak && isWarned))
                {
                    Fault ??= $"A legacy client was told of the end after {shown.Length} of {text.Length} characters.";
                }

                Answers++;
                shown.Clear();
                isWarned = false;
            }
        }
    }
}
