using System.Diagnostics;
using Conversation.Migrations.Bootstrap;

namespace Conversation.Tests.Bootstrap;

/// <summary>An auth service that is slow or half done takes no more of the operator's time than there is.</summary>
[TestFixture]
internal sealed class WaitingForAuthTests : BootstrapFixture
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>Less than the longest single request.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(8);

    [TestCase("GET /health/liveness")]
    [TestCase("POST /auth/users/login")]
    [TestCase("GET /admin/clients")]
    public async Task Run_RequestsAreNotAnswered_GivesUpInTime(string route)
    {
        Service.Script(route, (context, _) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted), times: 10);
        var begun = Stopwatch.GetTimestamp();

        await Assert.ThrowsAsync<BootstrapException>(() => RunAsync(Limit, time: TimeProvider.System));

        Assert.That(Stopwatch.GetElapsedTime(begun), Is.LessThan(Bound));
    }

    [Test]
    public async Task Run_NobodyHandsTheSecretOver_WaitsForWhatIsLeft()
    {
        Service.AddClient(ClientRegistry.Name);

        await Assert.ThrowsAsync<BootstrapException>(() => RunAsync(Limit * 2));

        Assert.That(Time.Waits.Aggregate(TimeSpan.Zero, (sum, wait) => sum + wait), Is.LessThanOrEqualTo(Limit * 2));
    }

    [Test]
    public async Task Run_MakingTakesLongerThanIsLeft_KeepsTheSecret()
    {
        Service.Script("GET /admin/clients", (_, answer) =>
        {
            Time.Advance(TimeSpan.FromMinutes(1));
            return answer();
        });
        Service.Script("POST /admin/clients", async (context, answer) =>
        {
            await Task.Delay(Limit, TimeProvider.System, context.RequestAborted);
            await answer();
        });

        await RunAsync(TimeSpan.FromMinutes(1));

        Assert.That(Written(), Is.EqualTo((Client().Id, Client().Secret)));
    }
}
