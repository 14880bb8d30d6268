namespace Conversation.Api.AgentRuntimes;

/// <summary>The runtimes of this service, by name.</summary>
internal sealed class AgentRuntimeRegistry(IEnumerable<IAgentRuntime> runtimes, AgentRuntimeOptions options)
{
    private readonly Dictionary<string, IAgentRuntime> _byName = runtimes.ToDictionary(runtime => runtime.Name, StringComparer.Ordinal);

    /// <summary>What a new run is queued for.</summary>
    public string Default => options.Default;

    /// <summary>Whether what a runtime began can be continued here.</summary>
    public bool CanResume(string name) => _byName.TryGetValue(name, out var runtime) && runtime.Capabilities.Resumes;

    /// <exception cref="AgentRuntimeException">No such runtime is registered here.</exception>
    public IAgentRuntime Get(string name) => _byName.TryGetValue(name, out var runtime)
        ? runtime
        : throw new AgentRuntimeException("unknown_runtime", $"The runtime {name} is not available.");
}

/// <summary>Which runtimes are used.</summary>
internal sealed record AgentRuntimeOptions
{
    /// <summary>What answers where nothing else is said. Default: the simulated runtime.</summary>
    public string Default { get; init; } = SimulatedRuntime.RuntimeName;
}
