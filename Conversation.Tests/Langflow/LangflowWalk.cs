using System.Text.Json;
using Conversation.Api.Configuration;
using Conversation.Api.Langflow;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.Langflow;

/// <summary>The whole service on a Langflow: what a message leads to, as a legacy client, a v2 client and the stored rows tell it.</summary>
internal sealed class LangflowWalk : IAsyncDisposable
{
    private LangflowWalk(FakeLangflow fake, ApiHost host)
    {
        Fake = fake;
        Host = host;
        Client = host.AsUser();
    }

    public FakeLangflow Fake { get; }

    public ApiHost Host { get; }

    public ApiClient Client { get; }

    public static async Task<LangflowWalk> StartAsync(
        LangflowProfile profile,
        Func<ServiceSettings, ServiceSettings>? change = null,
        Func<LangflowOptions, LangflowOptions>? options = null)
    {
        var fake = await FakeLangflow.StartAsync(profile);
        var host = await ApiHost.StartAsync(
            settings =>
            {
                settings = settings with { LangflowRuntimeUrl = fake.Address, LangflowApi = "run", SimulatedPaceMs = 0 };
                return change is null ? settings : change(settings);
            },
            services =>
            {
                var registered = services.Select(service => service.ImplementationInstance).OfType<LangflowOptions>().Last();
                services.AddSingleton(options is null ? registered : options(registered));
            });
        return new LangflowWalk(fake, host);
    }

    /// <summary>The same in production, where nothing is simulated.</summary>
    public static Task<LangflowWalk> StartInProductionAsync(
        LangflowProfile profile, Func<LangflowOptions, LangflowOptions>? options = null) =>
        StartAsync(profile, settings => settings with { Environment = ServiceEnvironments.Production }, options);

    /// <summary>Says something, and tells what everyone saw until the run had ended.</summary>
    /// <param name="text">What.</param>
    /// <param name="metadata">Of the new conversation; by default it names the flow.</param>
    /// <param name="conversation">Where; by default a new one.</param>
    /// <param name="shown">Done in that conversation once both clients have seen the first text.</param>
    /// <param name="token">How long they wait for the end.</param>
    public async Task<Seen> SayAsync(
        string text = "Hello",
        object? metadata = null,
        Guid? conversation = null,
        Func<Guid, Task>? shown = null,
        CancellationToken? token = null)
    {
        var id = conversation ?? await Client.CreateConversationAsync(
            new { title = "Walk", metadata_json = metadata ?? new { flow_id = FakeLangflow.FirstFlow } });
        await using var legacy = await LegacyClient.ConnectAsync(Client, id);
        await legacy.NextAsync();
        await using var v2 = await V2Socket.ConnectAsync(Client, id, position: null);
        await Client.SayAsync(id, text);
        var v2Frames = new List<JsonElement>();
        var v2Shown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var following = v2.UntilAsync(
            frame =>
            {
                v2Frames.Add(frame);
                var type = LegacyClient.TypeOf(frame);
                if (type == "message.delta")
                {
                    v2Shown.TrySetResult();
                }

                return type is "run.completed" or "run.failed" or "run.cancelled";
            },
            token);
        var legacyFrames = new List<JsonElement>();
        if (shown is not null)
        {
            legacyFrames = await legacy.UntilAsync("stream");
            await v2Shown.Task.OrTimeout();
            await shown(id);
        }

        legacyFrames.AddRange(await legacy.UntilAsync("complete", token));
        await following;
        Assert.That(LegacyClient.TypeOf(legacyFrames[0]), Is.EqualTo("ack"));
        return new Seen(
            id,
            LegacyClient.Merged(legacyFrames)[1..],
            v2Frames,
            (await Client.MessagesAsync(id)).LastOrDefault(message => message.GetProperty("role").GetString() == "assistant"),
            (await Client.GetAsync($"/conversations/{id}/runs")).EnumerateArray().Last());
    }

    /// <summary>Cancels what runs in a conversation.</summary>
    public async Task CancelAsync(Guid conversation)
    {
        var run = (await Client.GetAsync($"/conversations/{conversation}/runs")).EnumerateArray().Single().GetProperty("id").GetString();
        using var response = await Client.Http.PostAsync($"{ApiClient.Root}/runs/{run}/cancel", null);
        Assert.That((int)response.StatusCode, Is.EqualTo(202));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Host.DisposeAsync();
        await Fake.DisposeAsync();
    }

    /// <param name="Conversation">Where.</param>
    /// <param name="Legacy">The frames after the acknowledgement, neighbouring text put together.</param>
    /// <param name="V2">The frames of the v2 dialect.</param>
    /// <param name="Answer">The stored answer; undefined where there is none.</param>
    /// <param name="Run">The stored run.</param>
    internal sealed record Seen(Guid Conversation, List<string> Legacy, List<JsonElement> V2, JsonElement Answer, JsonElement Run)
    {
        /// <summary>What the frames of the v2 dialect tell: see <see cref="Told"/>.</summary>
        public List<string> ToldV2 => Told.Of(V2);

        /// <summary>The stored answer and the stored run.</summary>
        public string Stored => (Answer.ValueKind == JsonValueKind.Undefined ? "nothing" : Told.Message(Answer)) + $"; run {Told.Run(Run)}";
    }
}
