using Conversation.Api.Background;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Conversation.Api.Realtime;

/// <summary>One hub connection and what it follows by group. Owns the tasks that write to it.</summary>
internal sealed class Member
{
    /// <summary>Lets a client with automatic reconnect come back, to another node.</summary>
    private static readonly CloseMessage ComeBack = new(error: null, allowReconnect: true);

    private readonly HubConnectionContext _connection;
    private readonly OpenStream _stream;
    private readonly CancellationTokenRegistration _leaving;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Dictionary<Guid, (CancellationTokenSource Stop, Task Pump)> _pumps = [];
    private bool _ended;

    public Member(HubConnectionContext connection, OpenStream stream)
    {
        _connection = connection;
        _stream = stream;
        _leaving = stream.Leaving.UnsafeRegister(
            static connection => _ = ((HubConnectionContext)connection!).WriteAsync(ComeBack).AsTask(), connection);
    }

    /// <summary>Begins to follow, unless it does already.</summary>
    public async Task FollowAsync(Guid conversation, Func<HubConnectionContext, Guid, CancellationToken, Task<Task>> begin)
    {
        await _turn.WaitAsync(_connection.ConnectionAborted);
        try
        {
            if (_ended || (_pumps.TryGetValue(conversation, out var running) && !running.Pump.IsCompleted))
            {
                return;
            }

            if (_pumps.Remove(conversation, out var over))
            {
                over.Stop.Dispose();
            }

            var stop = CancellationTokenSource.CreateLinkedTokenSource(_connection.ConnectionAborted);
            try
            {
                _pumps[conversation] = (stop, await begin(_connection, conversation, stop.Token));
            }
            catch
            {
                stop.Dispose();
                throw;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task LeaveAsync(Guid conversation)
    {
        await _turn.WaitAsync(_connection.ConnectionAborted);
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
            await _leaving.DisposeAsync();
            _stream.Dispose();
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
