using Conversation.Api.Limits;

namespace Conversation.Api.Transfer;

/// <summary>The files that are on their way in: each may take as much of the disk as a file may be long, for as long as its client is slow.</summary>
internal sealed class ImportBudget
{
    private const int OfAll = 16;
    private const int OfOne = 2;

    private static readonly TimeSpan WhenOneMayHaveEnded = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly List<string> _importing = [];

    /// <summary>One more; dispose it when its file is stored, or refused.</summary>
    /// <param name="principal">Whose it is.</param>
    /// <exception cref="TooManyRequestsException">429: there are too many already.</exception>
    public IDisposable Take(string principal)
    {
        lock (_gate)
        {
            var own = _importing.Count(other => other == principal);
            if (own >= OfOne || _importing.Count >= OfAll)
            {
                throw new TooManyRequestsException(
                    own >= OfOne ? $"You import {own} files here at the moment, which is the limit." : "Too many files are being imported.",
                    WhenOneMayHaveEnded);
            }

            _importing.Add(principal);
        }

        return new Pass(this, principal);
    }

    private sealed class Pass(ImportBudget budget, string principal) : IDisposable
    {
        public void Dispose()
        {
            lock (budget._gate)
            {
                budget._importing.Remove(principal);
            }
        }
    }
}
