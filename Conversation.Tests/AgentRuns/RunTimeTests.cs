using Conversation.Api.AgentRuns;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.AgentRuns;

/// <summary>Runtimes that are silent, or endless. Both bounds have one code: each test has only one of them near.</summary>
[TestFixture]
internal sealed class RunTimeTests
{
    private static readonly TimeSpan Near = TimeSpan.FromSeconds(2);

    private readonly ScriptedRuntime _runtime = new();

    [Test]
    public async Task Runtime_Silent_FailsByTimeoutAndKeepsThePart()
    {
        await using var host = await StartAsync(new RunOptions { IdleTimeout = Near });
        using var client = host.AsUser();
        var (conversation, run) = await SayAsync(client, script => script.Say("Only this"));

        await UntilEndedAsync(client, run);

        Assert.That((await client.GetAsync($"/runs/{run}")).GetProperty("error_code").GetString(), Is.EqualTo("timeout"));
        Assert.That((await client.MessagesAsync(conversation))[1].GetProperty("content").GetString(), Is.EqualTo("Only this"));
    }

    [Test]
    public async Task Runtime_NeverEnding_FailsByTimeout()
    {
        await using var host = await StartAsync(new RunOptions { TotalTimeout = Near });
        using var client = host.AsUser();
        ScriptedRuntime.Script? script = null;
        var (_, run) = await SayAsync(client, begun => script = begun);

        await UntilEndedAsync(client, run, () => script!.Note("info", "still_here"));

        Assert.That((await client.GetAsync($"/runs/{run}")).GetProperty("error_code").GetString(), Is.EqualTo("timeout"));
    }

    private async Task<(Guid Conversation, Guid Run)> SayAsync(ApiClient client, Action<ScriptedRuntime.Script> begin)
    {
        var conversation = await client.CreateConversationAsync();
        var run = (await client.SayAsync(conversation, "Hello")).GetProperty("run_id").GetGuid();
        begin(await _runtime.NextRunAsync());
        return (conversation, run);
    }

    private static async Task UntilEndedAsync(ApiClient client, Guid run, Action? meanwhile = null)
    {
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        for (var patience = Patience.Token; await client.StatusAsync(run) is "queued" or "running";)
        {
            meanwhile?.Invoke();
            await beat.WaitForNextTickAsync(patience);
        }
    }

    private Task<ApiHost> StartAsync(RunOptions options) => ApiHost.StartAsync(services: services => services
        .RemoveAll<IAgentRuntime>()
        .AddSingleton<IAgentRuntime>(_runtime)
        .Replace(ServiceDescriptor.Singleton(options)));
}
