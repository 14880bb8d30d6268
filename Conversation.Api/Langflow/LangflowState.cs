using Polly.CircuitBreaker;

namespace Conversation.Api.Langflow;

/// <summary>How Langflow is, as far as the runs of this node have seen: for the operator, never a reason to be unready.</summary>
internal sealed class LangflowState(CircuitBreakerStateProvider circuit)
{
    private volatile string _last = "unknown";

    /// <summary><c>unknown</c> before the first run, <c>ok</c>, <c>failing</c>, or <c>circuit_open</c>.</summary>
    public string Text => circuit.CircuitState is CircuitState.Open or CircuitState.Isolated ? "circuit_open" : _last;

    /// <summary>A run was begun.</summary>
    public void Succeeded() => _last = "ok";

    /// <summary>A run could not be begun, for a reason that may be every run's.</summary>
    public void Failed() => _last = "failing";
}
