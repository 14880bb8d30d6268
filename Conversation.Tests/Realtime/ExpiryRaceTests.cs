using System.Security.Claims;
using Conversation.Api.Auth;
using Conversation.Api.Realtime;
using Conversation.Data.Access;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Realtime;

/// <summary>Rights that end at a bad moment.</summary>
[TestFixture]
internal sealed class ExpiryRaceTests
{
    [Test]
    public void Rights_EndingWhileTheyExpire_ThrowNothing()
    {
        var time = new ManualTime();
        var principal = new ClaimsPrincipal(new ClaimsIdentity([new Claim("exp", $"{time.Now.AddSeconds(5).ToUnixTimeSeconds()}")]));
        var rights = new StreamRights(new Caller("user:1", null, null), principal, new TokenExpiry(ApiHost.Settings), time);
        time.Now = time.Now.AddSeconds(10);
        // The timer has begun to fire when the stream ends for another reason.
        rights.Dispose();

        Assert.That(time.Fire, Throws.Nothing);
    }

    private sealed class ManualTime : TimeProvider
    {
        private Action? _callback;

        public DateTimeOffset Now { get; set; } = System.GetUtcNow();

        public void Fire() => _callback!();

        public override DateTimeOffset GetUtcNow() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _callback = () => callback(state);
            return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
