using Conversation.Api.AgentRuns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.AgentRuns;

/// <summary>Runtimes that are deaf or too talkative.</summary>
[TestFixture]
internal sealed class RunBoundsTests : RunFixture
{
    private const int Longest = 20;

    protected override void Configure(IServiceCollection services) => services.Replace(ServiceDescriptor.Singleton(new RunOptions
    {
        StopPatience = TimeSpan.FromMilliseconds(300),
        LongestAnswer = Longest,
    }));

    [Test]
    public async Task Runtime_DeafToACancel_IsLeftAloneAndTheRunEnds()
    {
        Runtime.IsDeaf = true;
        try
        {
            var run = await SayAsync("Hello");
            var script = await Runtime.NextRunAsync();
            script.Say("Before");
            await Legacy.UntilAsync("stream");
            await Client.CancelAsync(run);

            await Legacy.UntilAsync("complete");
            script.Say(" and after");
            script.End();

            Assert.That((await AnswerAsync()).GetProperty("content").GetString(), Is.EqualTo("Before"));
            var ended = await RunAsync(run);
            Assert.That(
                (ended.GetProperty("status").GetString(), ended.GetProperty("cancel_outcome").GetString()),
                Is.EqualTo(("cancelled", "unconfirmed")));
        }
        finally
        {
            Runtime.IsDeaf = false;
        }
    }

    [Test]
    public async Task Answer_TooLong_EndsThereWithinAPair()
    {
        await SayAsync("Hello");
        var script = await Runtime.NextRunAsync();
        script.Say(new string('x', Longest - 1), "🙂", "never");

        await Legacy.UntilAsync("complete");

        var answer = await AnswerAsync();
        Assert.That(
            (answer.GetProperty("content").GetString(), answer.GetProperty("status").GetString(), answer.GetProperty("finish_reason").GetString()),
            Is.EqualTo((new string('x', Longest - 1), "completed", "length")));
    }

    [Test]
    public async Task Answer_WhoseEndIsTooLong_SaysSo([Values("", "shown")] string shown)
    {
        await SayAsync("Hello");
        var script = await Runtime.NextRunAsync();
        script.Say(shown);
        script.End(text: new string('y', Longest + 1));

        await Legacy.UntilAsync("complete");

        var answer = await AnswerAsync();
        Assert.That(
            (answer.GetProperty("content").GetString(), answer.GetProperty("finish_reason").GetString()),
            Is.EqualTo((new string('y', Longest), "length")));
    }
}
