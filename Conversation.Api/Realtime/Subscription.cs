namespace Conversation.Api.Realtime;

/// <summary>One conversation that a hub connection follows by group.</summary>
internal sealed class Subscription(CancellationToken aborted) : IDisposable
{
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(aborted);

    public CancellationToken Stop => _stop.Token;

    /// <summary>The task that writes to the connection.</summary>
    public Task Pump { get; set; } = Task.CompletedTask;

    /// <summary>Nothing more comes of it: the conversation, or the right to follow it, is gone.</summary>
    public bool IsEnding { get; set; }

    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await Pump;
        _stop.Dispose();
    }

    public void Dispose() => _stop.Dispose();
}
