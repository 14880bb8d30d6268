using System.Runtime.CompilerServices;
using Conversation.Api.AgentRuns;
using Conversation.Api.AgentRuntimes;
using Conversation.Data.Runs;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.AgentRuns;

/// <summary>A runtime that fails because it was asked to stop: why it was asked is what counts.</summary>
[TestFixture]
internal sealed class UnwillingRuntimeTests
{
    private readonly Unwilling _runtime = new();

    [TestCase(false)]
    [TestCase(true)]
    public async Task TimedOut_RuntimeFailsWhenStopped_IsToldAsATimeout(bool throwsInCallback)
    {
        _runtime.ThrowsInCallback = throwsInCallback;
        await using var host = await StartAsync(new RunOptions { IdleTimeout = TimeSpan.FromSeconds(2) });
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        var run = (await client.SayAsync(conversation, "Hello")).GetProperty("run_id").GetGuid();

        await socket.UntilAsync("complete");

        Assert.That((await client.GetAsync($"/runs/{run}")).GetProperty("error_code").GetString(), Is.EqualTo("timeout"));
        // The service goes on.
        await client.SayAsync(conversation, "Hello again");
        await socket.UntilAsync("complete");
    }

    [Test]
    public async Task Cancelled_RuntimeFailsWhenStopped_KeepsThePartAsCancelled()
    {
        _runtime.ThrowsInCallback = false;
        await using var host = await StartAsync(new RunOptions());
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        var run = (await client.SayAsync(conversation, "Hello")).GetProperty("run_id").GetGuid();
        await socket.UntilAsync("stream");
        await client.CancelAsync(run);

        await socket.UntilAsync("complete");

        var answer = (await client.MessagesAsync(conversation))[1];
        var ended = await client.GetAsync($"/runs/{run}");
        Assert.That(answer.GetProperty("finish_reason").GetString(), Is.EqualTo("cancelled"));
        Assert.That(
            (ended.GetProperty("status").GetString(), ended.GetProperty("error_code").GetString(), ended.GetProperty("cancel_outcome").GetString()),
            Is.EqualTo(("cancelled", (string?)null, "unconfirmed")));
    }

    private Task<ApiHost> StartAsync(RunOptions options) => ApiHost.StartAsync(services: services => services
        .RemoveAll<IAgentRuntime>()
        .AddSingleton<IAgentRuntime>(_runtime)
        .Replace(ServiceDescriptor.Singleton(options)));

    private sealed class Unwilling : IAgentRuntime
    {
        public string Name => SimulatedRuntime.RuntimeName;

        public AgentCapabilities Capabilities { get; } = new(CancelOutcome.Unconfirmed, Resumes: false);

        public bool ThrowsInCallback { get; set; }

        public async IAsyncEnumerable<AgentOutput> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken token)
        {
            yield return new TextDelta("Only this");
            var stopped = new TaskCompletionSource();
            await using var failing = token.Register(() =>
            {
                stopped.TrySetException(new AgentRuntimeException("error", "The connection broke."));
                if (ThrowsInCallback)
                {
                    throw new InvalidOperationException("A callback that fails.");
                }
            });
            await stopped.Task;
        }
    }
}
