using Conversation.Api.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.AgentRuns;

/// <summary>Runtimes that are silent, endless, deaf or too talkative.</summary>
[TestFixture]
internal sealed class RunBoundsTests : RunFixture
{
    private const int Longest = 20;

    protected override void Configure(IServiceCollection services) => services.Replace(ServiceDescriptor.Singleton(new RunOptions
    {
        IdleTimeout = TimeSpan.FromSeconds(2),
        TotalTimeout = TimeSpan.FromSeconds(5),
        StopPatience = TimeSpan.FromMilliseconds(300),
        LongestAnswer = Longest,
    }));

    [Test]
    public async Task Runtime_Silent_FailsByTimeoutAndKeepsThePart()
    {
        var run = await SayAsync("Hello");
        (await Runtime.NextRunAsync()).Say("Only this");

        await Legacy.UntilAsync("complete");

        Assert.That((await RunAsync(run)).GetProperty("error_code").GetString(), Is.EqualTo("timeout"));
        Assert.That((await AnswerAsync()).GetProperty("content").GetString(), Is.EqualTo("Only this"));
    }

    [Test]
    public async Task Runtime_NeverEnding_FailsByTimeout()
    {
        var run = await SayAsync("Hello");
        var script = await Runtime.NextRunAsync();
        using var timer = new Timer(_ => script.Note("info", "still_here"), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(500));

        await Legacy.UntilAsync("complete");

        Assert.That((await RunAsync(run)).GetProperty("error_code").GetString(), Is.EqualTo("timeout"));
    }

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
            using var response = await Client.Http.PostAsync($"{ApiClient.Root}/runs/{run}/cancel", content: null);

            await Legacy.UntilAsync("complete");
            script.Say(" and after");
            script.End();

            Assert.That((await AnswerAsync()).GetProperty("content").GetString(), Is.EqualTo("Before"));
            Assert.That((await RunAsync(run)).GetProperty("status").GetString(), Is.EqualTo("cancelled"));
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
}
