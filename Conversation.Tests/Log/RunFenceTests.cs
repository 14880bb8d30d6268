using Conversation.Api.AgentRuntimes;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Conversation.Data.Runs;
using Conversation.Tests.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.Log;

/// <summary>Every write of a run is fenced: what a producer says that is no longer the run's own matches no row.</summary>
[TestFixture]
internal sealed class RunFenceTests
{
    [Test]
    public async Task Step_OfAnotherAttemptOrAfterTheEnd_ChangesNothing()
    {
        var runtime = new ScriptedRuntime();
        await using var host = await ApiHost.StartAsync(
            services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(runtime));
        using var client = host.AsUser();
        var log = host.Services.GetRequiredService<ConversationLog>();
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        var run = (await client.SayAsync(conversation, "Hello")).GetProperty("run_id").GetGuid();
        var script = await runtime.NextRunAsync();
        script.Say("The truth");
        await socket.UntilAsync("stream");

        var earlier = await log.AppendAsync(Zombie(conversation, run, attempt: 0), Patience.Token);
        var later = await log.AppendAsync(Zombie(conversation, run, attempt: 2), Patience.Token);
        var held = await log.AppendAsync(Zombie(conversation, run, attempt: 1) with { OnlyExpired = true }, Patience.Token);
        script.End();
        await socket.UntilAsync("complete");
        var head = (await client.GetAsync($"/conversations/{conversation}")).GetProperty("last_seq").GetInt64();
        var ended = await log.AppendAsync(Zombie(conversation, run, attempt: 1), Patience.Token);

        Assert.That(new[] { earlier, later, held, ended }, Is.All.Null);
        Assert.That((await client.GetAsync($"/conversations/{conversation}")).GetProperty("last_seq").GetInt64(), Is.EqualTo(head));
        Assert.That(
            (await client.MessagesAsync(conversation)).Select(message => message.GetProperty("content").GetString()),
            Is.EqualTo(new[] { "Hello", "The truth" }));
    }

    private static StepRun Zombie(Guid conversation, Guid run, int attempt) => new()
    {
        ConversationId = conversation,
        RunId = run,
        Attempt = attempt,
        Events = [new RunEvent(EventTypes.MessageStarted, OfMessage: true), new RunEvent(EventTypes.RunCompleted)],
        Answer = new AnswerChange(Guid.CreateVersion7(), MessageStatus.Completed, Starts: true, Content: "a second answer"),
        Status = RunStatus.Completed,
    };
}
