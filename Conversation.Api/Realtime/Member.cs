using System.Collections.Concurrent;
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
    private readonly ConcurrentDictionary<Guid, Subscription> _subscriptions = new();
    private bool _ended;

    public Member(HubConnectionContext connection, OpenStream stream)
    {
        _connection = connection;
        _stream = stream;
        _leaving = stream.Leaving.UnsafeRegister(
            static connection => _ = ((HubConnectionContext)connection!).WriteAsync(ComeBack).AsTask(), connection);
    }

    /// <summary>Begins to follow, unless it does already.</summary>
    /// <param name="conversation">Which.</param>
    /// <param name="begin">Returns its pump, which has it <see cref="Forget"/> what ends by itself.</param>
    public async Task FollowAsync(Guid conversation, Func<HubConnectionContext, Guid, Subscription, Task<Task>> begin)
    {
        await _turn.WaitAsync(_connection.ConnectionAborted);
        try
        {
            if (_subscriptions.TryGetValue(conversation, out var running))
            {
                if (!running.IsEnding)
                {
                    return;
                }

                // The client was told of the end, and comes again before it was tidied up.
                await running.Pump;
            }

            if (_ended)
            {
                return;
            }

            var subscription = new Subscription(_connection.ConnectionAborted);
            _subscriptions[conversation] = subscription;
            try
            {
                subscription.Pump = await begin(_connection, conversation, subscription);
            }
            catch
            {
                Forget(conversation, subscription);
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
            if (_subscriptions.TryRemove(conversation, out var running))
            {
                await running.EndAsync();
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
            foreach (var conversation in _subscriptions.Keys)
            {
                if (_subscriptions.TryRemove(conversation, out var running))
                {
                    await running.EndAsync();
                }
            }

            await _leaving.DisposeAsync();
            _stream.Dispose();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What has ended by itself holds nothing any more. Whoever took it out before disposes of it.</summary>
    public void Forget(Guid conversation, Subscription subscription)
    {
        if (_subscriptions.TryRemove(KeyValuePair.Create(conversation, subscription)))
        {
            subscription.Dispose();
        }
    }
}
