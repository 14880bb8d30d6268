using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR;

namespace Conversation.Tests.Infrastructure;

/// <summary>
/// A v2 client that wants to see a conversation to an end: when its node is gone it comes back at another one with its position, and it
/// fails at the first hole or double.
/// </summary>
internal sealed class Wanderer(Guid conversation, Door door, params ApiClient[] homes)
{
    /// <summary>A client that is refused does not ask again at once.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public V2Reader Reader { get; } = new();

    /// <summary>By which it notes times; its own, where it is not told of another.</summary>
    public Stopwatch Clock { get; init; } = Stopwatch.StartNew();

    /// <summary>How long after the start each event came, by its type and seq.</summary>
    public Dictionary<(string Type, long Seq), TimeSpan> Times { get; } = [];

    /// <summary>The most text it was ever shown of one message.</summary>
    public int Shown { get; private set; }

    /// <summary>Completed when it is registered: whatever is posted from then on it sees.</summary>
    public TaskCompletionSource Ready { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completed with the first text.</summary>
    public TaskCompletionSource Began { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TimeSpan Now => Clock.Elapsed;

    /// <summary>How long it looks for the end.</summary>
    public TimeSpan Patience { get; init; } = Infrastructure.Patience.Limit * 2;

    /// <summary>Told of every frame.</summary>
    public Action<JsonElement> Seen { get; init; } = _ => { };

    /// <summary>Follows until the end.</summary>
    /// <param name="isEnd">What the end is.</param>
    /// <param name="token">Ends it before.</param>
    public async Task SeeAsync(Func<JsonElement, bool> isEnd, CancellationToken token = default)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(token);
        patience.CancelAfter(Patience);
        for (var home = 0; ; home = (home + 1) % homes.Length)
        {
            Reader.Resume();
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
                && error is WebSocketException or HttpRequestException or IOException or OperationCanceledException or InvalidOperationException
                    or HubException or AggregateException)
            {
                // Its node is gone, or its database is. (The hub's client has one error for each transport that it tried.)
            }

            patience.Token.ThrowIfCancellationRequested();
            await Task.Delay(Pause, TimeProvider.System, patience.Token);
        }
    }

    private void Take(JsonElement frame)
    {
        Reader.Apply(frame);
        var type = LegacyClient.TypeOf(frame);
        if (type == "subscription.ready")
        {
            Ready.TrySetResult();
        }
        else if (type == "message.delta")
        {
            Shown = Math.Max(Shown, frame.GetProperty("to").GetInt32());
            Began.TrySetResult();
        }
        else if (frame.TryGetProperty("seq", out var seq) && type != "heartbeat")
        {
            Times[(type, seq.GetInt64())] = Clock.Elapsed;
        }

        Seen(frame);
    }
}
