using Conversation.Api.AgentRuns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.AgentRuns;

/// <summary>More runs than there is room for: whoever has waited longest comes first, whoever's run it is.</summary>
[TestFixture]
internal sealed class QueueOrderTests : RunFixture
{
    protected override void Configure(IServiceCollection services) =>
        services.Replace(ServiceDescriptor.Singleton(new RunOptions { Concurrency = 1 }));

    /// <summary>Neither the conversation whose run has just ended, nor the one that was there first.</summary>
    [Test]
    public async Task Queue_OfManyConversations_IsServedInTheOrderOfTheirSends()
    {
        var older = await Client.CreateConversationAsync();
        var newer = await Client.CreateConversationAsync();
        await SayAsync("first");
        var script = await Runtime.NextRunAsync();
        var order = new List<Guid>();
        foreach (var conversation in new[] { newer, older, ConversationId, newer, older })
        {
            await Client.SayAsync(conversation, "waits");
            order.Add(conversation);
        }

        var served = new List<Guid>();
        foreach (var _ in order)
        {
            script.End();
            script = await Runtime.NextRunAsync();
            served.Add(script.Context.ConversationId);
        }

        script.End();
        Assert.That(served, Is.EqualTo(order));
    }

    /// <summary>Sends that come while there is room again do not overtake those that wait for it.</summary>
    [Test]
    public async Task Sends_WhileOthersWait_AreServedAfterThem()
    {
        const int Waiting = 20;
        await SayAsync("first");
        var script = await Runtime.NextRunAsync();
        var order = new List<Guid>();
        var waiting = await Task.WhenAll(Enumerable.Range(0, Waiting).Select(_ => Client.CreateConversationAsync()));
        foreach (var conversation in waiting)
        {
            await Client.SayAsync(conversation, "waits");
            order.Add(conversation);
        }

        var served = new List<Guid>();
        for (var i = 0; i < 2 * Waiting; i++)
        {
            var late = await Client.CreateConversationAsync();
            script.End();
            await Client.SayAsync(late, "comes as one ends");
            order.Add(late);
            script = await Runtime.NextRunAsync();
            served.Add(script.Context.ConversationId);
        }

        while (served.Count < order.Count)
        {
            script.End();
            script = await Runtime.NextRunAsync();
            served.Add(script.Context.ConversationId);
        }

        script.End();
        Assert.That(served, Is.EqualTo(order));
    }
}
