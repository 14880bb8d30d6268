using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;

namespace Conversation.Tests.Infrastructure;

/// <summary>
/// A v2 client that wants to see a conversation to an end: when its node is gone it comes back at another one with its position, and it
/// fails at the first hole or double.
/// </summary>
internal sealed class Wanderer(Guid conversation, Door door, params ApiClient[] homes)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    public V2Reader Reader { get; } = new();

    /// <summary>How long after the start each event came, by its type and seq.</summary>
    public Dictionary<(string Type, long Seq), TimeSpan> Times { get; } = [];

    /// <summary>The most text it was ever shown of one message.</summary>
    public int Shown { get; private set; }

    /// <summary>Completed with the first text.</summary>
    public TaskCompletionSource Began { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TimeSpan Now => _clock.Elapsed;

    public async Task SeeAsync(Func<JsonElement, bool> isEnd)
    {
        using var patience = new CancellationTokenSource(Patience.Limit * 2);
        for (var home = 0; ; home = (home + 1) % homes.Length)
        {
            try
            {
                await foreach (var frame in homes[home].FollowAsync(door, conversation, Reader.Position, patience.Token))
                {
                    Take(frame);
                    if (isEnd(frame))
                    {
                        return;
                    }
                }
            }
            catch (Exception error) when (!patience.IsCancellationRequested
                && error is WebSocketException or HttpRequestException or IOException or OperationCanceledException or InvalidOperationException)
            {
                // Its node is gone.
            }

            patience.Token.ThrowIfCancellationRequested();
        }
    }

    private void Take(JsonElement frame)
    {
        Reader.Apply(frame);
        var type = LegacyClient.TypeOf(frame);
        if (type == "message.delta")
        {
            Shown = Math.Max(Shown, frame.GetProperty("to").GetInt32());
            Began.TrySetResult();
        }
        else if (frame.TryGetProperty("seq", out var seq) && type != "heartbeat")
        {
            Times[(type, seq.GetInt64())] = _clock.Elapsed;
        }
    }
}
