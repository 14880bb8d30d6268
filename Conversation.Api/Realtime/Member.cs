using Microsoft.AspNetCore.SignalR;

namespace Conversation.Api.Realtime;

/// <summary>One hub connection and what it follows by group. Owns the tasks that write to it.</summary>
internal sealed class Member(HubConnectionContext connection)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Dictionary<Guid, (CancellationTokenSource Stop, Task Pump)> _pumps = [];
    private bool _ended;

    /// <summary>Begins to follow, unless it does already.</summary>
    public async Task FollowAsync(Guid conversation, Func<HubConnectionContext, Guid, CancellationToken, Task<Task>> begin)
    {
        await _turn.WaitAsync(connection.ConnectionAborted);
        try
        {
            if (_ended || (_pumps.TryGetValue(conversation, out var running) && !running.Pump.IsCompleted))
            {
                return;
            }

            var stop = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionAborted);
            _pumps[conversation] = (stop, await begin(connection, conversation, stop.Token));
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task LeaveAsync(Guid conversation)
    {
        await _turn.WaitAsync(connection.ConnectionAborted);
        try
        {
            if (_pumps.Remove(conversation, out var running))
            {
                await StopAsync(running);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task EndAsync()
    {
        // The connection is gone; what it owned is waited for whatever else is cancelled.
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            _ended = true;
            foreach (var running in _pumps.Values)
            {
                await StopAsync(running);
            }

            _pumps.Clear();
        }
        finally
        {
            _turn.Release();
        }
    }

    private static async Task StopAsync((CancellationTokenSource Stop, Task Pump) running)
    {
        await running.Stop.CancelAsync();
        await running.Pump;
        running.Stop.Dispose();
    }
}
