using System.Security.Claims;
using Conversation.Api.Auth;
using Conversation.Data.Access;

namespace Conversation.Api.Realtime;

/// <summary>
/// Who follows, and for how long: a stream ends when its token expires, unless the client sends a new one of the same caller in
/// time.
/// </summary>
internal sealed class StreamRights : IDisposable
{
    /// <summary>Timers cannot wait for more than 49 days; tokens that live longer are looked at again then.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(40);

    private readonly TokenExpiry _expiry;
    private readonly TimeProvider _time;
    // Never disposed: it has no timer, and ours may fire while the stream ends.
    private readonly CancellationTokenSource _end = new();
    private readonly ITimer _timer;
    private DateTimeOffset _expires;

    public StreamRights(Caller caller, ClaimsPrincipal principal, TokenExpiry expiry, TimeProvider time)
    {
        Caller = caller;
        _expiry = expiry;
        _time = time;
        _expires = _expiry.Of(principal);
        _timer = time.CreateTimer(static state => ((StreamRights)state!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Look();
    }

    public Caller Caller { get; }

    /// <summary>Cancelled when the rights end.</summary>
    public CancellationToken End => _end.Token;

    public bool HaveExpired => _end.IsCancellationRequested;

    /// <summary>Goes on under a new token.</summary>
    public void Renew(ClaimsPrincipal principal)
    {
        _expires = _expiry.Of(principal);
        Look();
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var left = _expires - _time.GetUtcNow();
        if (left <= TimeSpan.Zero)
        {
            _end.Cancel();
            return;
        }

        _timer.Change(left < LongestWait ? left : LongestWait, Timeout.InfiniteTimeSpan);
    }
}
