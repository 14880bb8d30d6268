namespace Conversation.Api.AgentRuntimes;

/// <summary>The runtimes of this service, by name.</summary>
internal sealed class AgentRuntimeRegistry(IEnumerable<IAgentRuntime> runtimes)
{
    private readonly Dictionary<string, IAgentRuntime> _byName = runtimes.ToDictionary(runtime => runtime.Name, StringComparer.Ordinal);

    /// <summary>What a new run is queued for.</summary>
    public static string Default => SimulatedRuntime.RuntimeName;

    /// <exception cref="AgentRuntimeException">No such runtime is registered here.</exception>
    public IAgentRuntime Get(string name) => _byName.TryGetValue(name, out var runtime)
        ? runtime
        : throw new AgentRuntimeException("unknown_runtime", $"The runtime {name} is not available.");
}
