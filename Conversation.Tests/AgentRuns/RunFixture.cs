using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.AgentRuns;

/// <summary>A service with a scripted runtime, and for each test a conversation with a legacy and a v2 follower.</summary>
internal abstract class RunFixture
{
    protected ScriptedRuntime Runtime { get; } = new();

    protected ApiHost Host { get; private set; } = null!;

    protected ApiClient Client { get; private set; } = null!;

    protected Guid ConversationId { get; private set; }

    protected LegacyClient Legacy { get; private set; } = null!;

    protected V2Socket Socket { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task StartHostAsync()
    {
        Host = await ApiHost.StartAsync(services: services =>
        {
            services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(Runtime);
            Configure(services);
        });
        Client = Host.AsUser();
    }

    [OneTimeTearDown]
    public async Task StopHostAsync()
    {
        Client.Dispose();
        await Host.DisposeAsync();
    }

    [SetUp]
    public async Task ConnectAsync()
    {
        ConversationId = await Client.CreateConversationAsync();
        Legacy = await LegacyClient.ConnectAsync(Client, ConversationId);
        await Legacy.NextAsync();
        Socket = await V2Socket.ConnectAsync(Client, ConversationId, position: null);
    }

    [TearDown]
    public async Task DisconnectAsync()
    {
        await Legacy.DisposeAsync();
        await Socket.DisposeAsync();
    }

    protected virtual void Configure(IServiceCollection services)
    {
    }

    /// <summary>What the v2 follower makes of its frames up to and with the first event of a type.</summary>
    protected async Task<(V2Reader Reader, List<JsonElement> Frames)> FollowUntilAsync(string type)
    {
        var reader = new V2Reader();
        var frames = new List<JsonElement>();
        await Socket.UntilAsync(frame =>
        {
            reader.Apply(frame);
            frames.Add(frame);
            return LegacyClient.TypeOf(frame) == type;
        });
        return (reader, frames);
    }

    protected async Task<JsonElement> AnswerAsync(int index = 1) => (await Client.MessagesAsync(ConversationId))[index];

    protected Task<JsonElement> RunAsync(Guid run) => Client.GetAsync($"/runs/{run}");

    protected async Task<Guid> SayAsync(string content, string? onBusy = null) =>
        (await Client.SendAsync(ConversationId, new { role = "user", content, on_busy = onBusy })).GetProperty("run_id").GetGuid();
}
