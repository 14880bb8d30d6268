using Conversation.Api.AgentRuntimes;
using Conversation.Api.Configuration;
using Conversation.Api.Langflow;
using Conversation.Data.Messages;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.Langflow;

/// <summary>The runtime as the service registers it, driven without the service.</summary>
internal sealed class LangflowDriver : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private LangflowDriver(ServiceProvider services)
    {
        _services = services;
        Runtime = services.GetRequiredService<AgentRuntimeRegistry>().Get(LangflowRuntime.RuntimeName);
    }

    public IAgentRuntime Runtime { get; }

    /// <summary>In production, where nothing is simulated, unless said otherwise.</summary>
    public static LangflowDriver Create(
        FakeLangflow fake,
        Func<ServiceSettings, ServiceSettings>? settings = null,
        Func<LangflowOptions, LangflowOptions>? options = null,
        Action<IServiceCollection>? services = null)
    {
        var given = new ServiceSettings
        {
            Environment = ServiceEnvironments.Production,
            LangflowRuntimeUrl = fake.Address,
            LangflowApi = "run",
            SimulatedPaceMs = 0,
        };
        given = settings is null ? given : settings(given);
        var collection = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System);
        services?.Invoke(collection);
        collection.AddLangflow(given).AddAgentRuntimes(given);
        var registered = (LangflowOptions)collection.Last(service => service.ServiceType == typeof(LangflowOptions)).ImplementationInstance!;
        registered = registered with { RetryPause = TimeSpan.FromMilliseconds(5), BreakAfter = 1000 };
        collection.AddSingleton(options is null ? registered : options(registered));
        return new LangflowDriver(collection.BuildServiceProvider());
    }

    public static AgentContext Context(string? flow = FakeLangflow.FirstFlow, string input = "Hello", AgentResume? resume = null)
    {
        var conversation = Guid.CreateVersion7();
        return new AgentContext
        {
            RunId = Guid.CreateVersion7(),
            ConversationId = conversation,
            Trigger = new MessageRow(Guid.CreateVersion7(), conversation, 1, "user", input, null, "stored", null, null, default, default),
            Question = input,
            SessionId = $"session-{conversation}",
            Agent = flow,
            Resume = resume,
            Earlier = _ => AsyncEnumerable.Empty<MessageRow>(),
        };
    }

    /// <summary>Everything that a run says.</summary>
    public async Task<List<AgentOutput>> RunAsync(AgentContext? context = null, CancellationToken? token = null)
    {
        var outputs = new List<AgentOutput>();
        await RunIntoAsync(outputs, context, token);
        return outputs;
    }

    /// <summary>The same, where it may end in a failure.</summary>
    public async Task RunIntoAsync(List<AgentOutput> outputs, AgentContext? context = null, CancellationToken? token = null)
    {
        await foreach (var output in Runtime.RunAsync(context ?? Context(), token ?? Patience.Token))
        {
            outputs.Add(output);
        }
    }

    /// <summary>The failure of a run that must fail, and what it said before.</summary>
    public async Task<(List<AgentOutput> Said, AgentRuntimeException Failure)> FailAsync(AgentContext? context = null)
    {
        var said = new List<AgentOutput>();
        var failure = await Assert.ThrowsAsync<AgentRuntimeException>(() => RunIntoAsync(said, context));
        return (said, failure!);
    }

    public static string Text(IEnumerable<AgentOutput> outputs) => string.Concat(outputs.OfType<TextDelta>().Select(delta => delta.Text));

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
