using Conversation.Api.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.AgentRuns;

/// <summary>A node that takes no run by itself: the test claims them.</summary>
[TestFixture]
internal sealed class ClaimRoomTests : RunFixture
{
    /// <summary>Were it nobody's for a moment, one more would be begun than there is room for, and overtake those that wait.</summary>
    [Test]
    public async Task Room_OfAClaim_IsTheClaimsUntilTheRunHasIt()
    {
        await SayAsync("waits");
        var queue = Host.Services.GetRequiredService<RunQueue>();
        var begun = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);

        await queue.LookAsync(1, (_, _, _) => begun.TrySetResult(queue.Claims), Patience.Token);

        Assert.That(await begun.Task.OrTimeout(), Is.EqualTo(1));
        await queue.ClaimedAsync().OrTimeout();
        Assert.That(queue.Claims, Is.Zero);
    }

    protected override void Configure(IServiceCollection services) =>
        services.Replace(ServiceDescriptor.Singleton(new RunOptions { Concurrency = 0 }));
}
