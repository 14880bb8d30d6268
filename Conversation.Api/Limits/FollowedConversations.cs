namespace Conversation.Api.Limits;

/// <summary>What one hub connection follows, by streams and by groups.</summary>
internal sealed class FollowedConversations(LimitOptions options)
{
    private static readonly TimeSpan WhenOneMayHaveEnded = TimeSpan.FromSeconds(1);

    private readonly HashSet<Guid> _groups = [];
    private readonly Lock _gate = new();
    private int _streams;

    /// <exception cref="TooManyRequestsException">429: there are too many already.</exception>
    public IDisposable Begin()
    {
        lock (_gate)
        {
            Check();
            _streams++;
        }

        return new Stream(this);
    }

    /// <returns>False where it was joined already.</returns>
    /// <exception cref="TooManyRequestsException">429: there are too many already.</exception>
    public bool Join(Guid conversation)
    {
        lock (_gate)
        {
            if (_groups.Contains(conversation))
            {
                return false;
            }

            Check();
            return _groups.Add(conversation);
        }
    }

    public void Leave(Guid conversation)
    {
        lock (_gate)
        {
            _groups.Remove(conversation);
        }
    }

    private void Check()
    {
        if (options.FollowedPerConnection > 0 && _groups.Count + _streams >= options.FollowedPerConnection)
        {
            throw new TooManyRequestsException(
                $"This connection follows {options.FollowedPerConnection} conversations, which is the limit.", WhenOneMayHaveEnded);
        }
    }

    private sealed class Stream(FollowedConversations followed) : IDisposable
    {
        public void Dispose()
        {
            lock (followed._gate)
            {
                followed._streams--;
            }
        }
    }
}
