using Conversation.Api.AgentRuntimes;

namespace Conversation.Api.Langflow;

/// <summary>One way to run a flow.</summary>
internal interface ILangflowApi
{
    /// <summary>Begins a run, or attaches to the one that the context's resume token names.</summary>
    /// <param name="ask">What is asked.</param>
    /// <param name="token">Ends the wait.</param>
    /// <exception cref="LangflowUnusableException">Nothing was begun.</exception>
    /// <exception cref="AgentRuntimeException">The flow failed at once.</exception>
    Task<ILangflowAnswer> OpenAsync(LangflowAsk ask, CancellationToken token);
}

/// <summary>What a flow is asked.</summary>
/// <param name="Context">The run.</param>
/// <param name="Flow">An id, or an endpoint's name.</param>
/// <param name="Key">The API key.</param>
internal sealed record LangflowAsk(AgentContext Context, string Flow, string Key);

/// <summary>A run that has begun in Langflow. Disposing it lets go of the connection.</summary>
internal interface ILangflowAnswer : IAsyncDisposable
{
    /// <summary>Waits for the next event and adds what it says.</summary>
    /// <param name="said">Where to add it.</param>
    /// <param name="token">Ends the wait.</param>
    /// <returns>False when the answer is whole and nothing follows.</returns>
    /// <exception cref="AgentRuntimeException">The flow failed, or its answer was lost.</exception>
    Task<bool> NextAsync(List<AgentOutput> said, CancellationToken token);

    /// <summary>Stops the run for good.</summary>
    /// <returns>One of <see cref="Data.Runs.CancelOutcome"/>.</returns>
    Task<string> StopAsync();
}
