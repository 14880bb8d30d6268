namespace Conversation.Api.AgentRuntimes;

/// <summary>
/// Something that can run an agent. README.md in this folder says how to add one. A runtime reports failure by
/// <see cref="AgentRuntimeException"/>; any other exception counts as its fault as well, but tells the reader nothing.
/// </summary>
internal interface IAgentRuntime
{
    /// <summary>The name that settings and runs know it by, in lower case.</summary>
    string Name { get; }

    /// <summary>What it can do beyond answering.</summary>
    AgentCapabilities Capabilities { get; }

    /// <summary>How it is, in one word for the operator: whatever it says, the service is ready. Default <c>ok</c>.</summary>
    string State => "ok";

    /// <summary>Runs the agent once. The sequence ends after <see cref="AnswerEnd"/>; ending without one is a failure.</summary>
    /// <param name="context">What the agent is asked.</param>
    /// <param name="token">Asks it to stop: by a cancel, a time-out or the end of the service.</param>
    IAsyncEnumerable<AgentOutput> RunAsync(AgentContext context, CancellationToken token);
}

/// <summary>What a runtime can do beyond answering.</summary>
/// <param name="Cancel">What stopping achieves, unless a run says otherwise: one of <see cref="Data.Runs.CancelOutcome"/>.</param>
/// <param name="Resumes">Given its resume token and the text so far, it continues an answer that another process began.</param>
internal sealed record AgentCapabilities(string Cancel, bool Resumes);
