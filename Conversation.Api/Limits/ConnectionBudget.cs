namespace Conversation.Api.Limits;

/// <summary>The streams that each principal has open on this node, at all doors together.</summary>
internal sealed class ConnectionBudget(LimitOptions options)
{
    private static readonly TimeSpan WhenOneMayHaveEnded = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, int> _open = [];
    private readonly Lock _gate = new();

    /// <summary>One more; dispose it when the stream has ended.</summary>
    /// <exception cref="TooManyRequestsException">429: there are too many already.</exception>
    public IDisposable Take(string principal)
    {
        lock (_gate)
        {
            var open = _open.GetValueOrDefault(principal);
            if (options.ConnectionsPerPrincipal > 0 && open >= options.ConnectionsPerPrincipal)
            {
                throw new TooManyRequestsException(
                    $"You have {open} streams open here, which is the limit.", WhenOneMayHaveEnded);
            }

            _open[principal] = open + 1;
        }

        return new Pass(this, principal);
    }

    private void Return(string principal)
    {
        lock (_gate)
        {
            // Whoever has none is forgotten: the table is no larger than what is open.
            if (--_open[principal] == 0)
            {
                _open.Remove(principal);
            }
        }
    }

    private sealed class Pass(ConnectionBudget budget, string principal) : IDisposable
    {
        private int _returned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
            {
                budget.Return(principal);
            }
        }
    }
}
