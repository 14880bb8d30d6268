using System.Text.Json;
using Conversation.Api.Configuration;
using Conversation.Tests.Infrastructure;

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

    public static async Task<LangflowWalk> StartAsync(LangflowProfile profile, Func<ServiceSettings, ServiceSettings>? change = null)
    {
        var fake = await FakeLangflow.StartAsync(profile);
        var host = await ApiHost.StartAsync(settings =>
        {
            settings = settings with { LangflowRuntimeUrl = fake.Address, LangflowApi = "run", SimulatedPaceMs = 0 };
            return change is null ? settings : change(settings);
        });
        return new LangflowWalk(fake, host);
    }

    /// <summary>Says something, and tells what everyone saw until the run had ended.</summary>
    /// <param name="text">What.</param>
    /// <param name="metadata">Of the new conversation; by default it names the flow.</param>
    /// <param name="conversation">Where; by default a new one.</param>
    /// <param name="shown">Set once the first text was seen.</param>
    public async Task<Seen> SayAsync(string text = "Hello", object? metadata = null, Guid? conversation = null, TaskCompletionSource? shown = null)
    {
        var id = conversation ?? await Client.CreateConversationAsync(
            new { title = "Walk", metadata_json = metadata ?? new { flow_id = FakeLangflow.FirstFlow } });
        await using var legacy = await LegacyClient.ConnectAsync(Client, id);
        await legacy.NextAsync();
        await using var v2 = await V2Socket.ConnectAsync(Client, id, position: null);
        await Client.SayAsync(id, text);
        var legacyFrames = shown is null ? [] : await legacy.UntilAsync("stream");
        shown?.SetResult();
        legacyFrames.AddRange(await legacy.UntilAsync("complete"));
        var v2Frames = new List<JsonElement>();
        await v2.UntilAsync(frame =>
        {
            v2Frames.Add(frame);
            return LegacyClient.TypeOf(frame) is "run.completed" or "run.failed" or "run.cancelled";
        });
        return new Seen(
            id,
            LegacyClient.Merged(legacyFrames)[1..],
            v2Frames,
            (await Client.MessagesAsync(id)).LastOrDefault(message => message.GetProperty("role").GetString() == "assistant"),
            (await Client.GetAsync($"/conversations/{id}/runs")).EnumerateArray().Last());
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
        public string? Content => Answer.ValueKind == JsonValueKind.Undefined ? null : Answer.GetProperty("content").GetString();

        /// <summary>The types of the events: how much of the text came in pieces is a matter of speed.</summary>
        public List<string> Types =>
            [.. V2.Select(LegacyClient.TypeOf).Where(type => type is not ("subscription.ready" or "heartbeat" or "message.delta"))];

        /// <summary>The text that a v2 client has put together at the end.</summary>
        public string V2Content
        {
            get
            {
                var reader = new V2Reader();
                V2.ForEach(reader.Apply);
                return reader.TextOf(Answer.GetProperty("id").GetString()!);
            }
        }

        public string RunSays(string name) => Run.GetProperty(name).ToString();
    }
}
