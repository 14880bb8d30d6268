using Conversation.Api.AgentRuntimes;
using Conversation.Tests.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.Faults;

/// <summary>The database dies while an answer is made, and its producer lives.</summary>
[TestFixture]
internal sealed class CheckpointCrashTests
{
    /// <summary>Who has all of the text in memory would not notice: whoever comes to another node now would miss what was lost.</summary>
    [Test]
    public async Task Postgres_Killed_LeavesNoHoleInTheCheckpoints()
    {
        await using var postgres = await PrivatePostgres.StartAsync();
        // What does not wait for the disk is lost for certain.
        await postgres.SetAsync("wal_writer_delay = '10s'");
        var runtime = new ScriptedRuntime();
        await using var producer = await StartAsync(postgres, runtime);
        await using var other = await StartAsync(postgres, runtime);
        var user = Guid.CreateVersion7();
        using var near = producer.AsUser(user);
        using var far = other.AsUser(user);
        var conversation = await near.CreateConversationAsync();
        await near.SayAsync(conversation, "Hello");
        var script = await runtime.NextRunAsync();

        script.Say("one ");
        Assert.That(await KeptAsync(far, conversation, "one "), Is.EqualTo("one "));
        script.Say("two ");
        Assert.That(await KeptAsync(far, conversation, "two "), Is.EqualTo("one two "));
        await postgres.KillAndStartAsync();
        script.Say("three ");

        Assert.That(await KeptAsync(far, conversation, "three "), Is.EqualTo("one two three "));
        script.End();
    }

    private static Task<ApiHost> StartAsync(PrivatePostgres postgres, ScriptedRuntime runtime) => ApiHost.StartAsync(
        services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(runtime), connectionString: postgres.ConnectionString);

    /// <summary>What is kept of the answer, once it ends as it is wanted to.</summary>
    private static async Task<string> KeptAsync(ApiClient api, Guid conversation, string end)
    {
        for (var patience = Patience.Token; ; patience.ThrowIfCancellationRequested())
        {
            using var response = await api.Http.GetAsync(new Uri($"{ApiClient.Root}/conversations/{conversation}/messages", UriKind.Relative), patience);
            if (!response.IsSuccessStatusCode)
            {
                // The database is away.
                continue;
            }

            var messages = await ApiClient.ReadAsync(response, 200);
            var content = messages.GetArrayLength() > 1 ? messages[1].GetProperty("content").GetString()! : "";
            if (content.EndsWith(end, StringComparison.Ordinal))
            {
                return content;
            }
        }
    }
}
