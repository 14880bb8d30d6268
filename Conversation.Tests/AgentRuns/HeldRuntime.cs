using System.Runtime.CompilerServices;
using Conversation.Api.AgentRuntimes;
using Conversation.Data.Runs;

namespace Conversation.Tests.AgentRuns;

/// <summary>The simulated runtime, which a test can hold up in the middle of its answers.</summary>
internal sealed class HeldRuntime : IAgentRuntime
{
    /// <summary>After how many pieces of text it waits.</summary>
    private const int Pieces = 5;

    private readonly SimulatedRuntime _simulated = new(new SimulatedRuntimeOptions { Pace = TimeSpan.FromMilliseconds(50) }, TimeProvider.System);
    private TaskCompletionSource _open = new();

    public HeldRuntime() => Release();

    public string Name => _simulated.Name;

    public AgentCapabilities Capabilities { get; } = new(CancelOutcome.Confirmed, Resumes: false);

    /// <summary>From now on answers stop after some words, until they are released.</summary>
    public void Hold() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => _open.TrySetResult();

    public async IAsyncEnumerable<AgentOutput> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken token)
    {
        var pieces = 0;
        await foreach (var output in _simulated.RunAsync(context, token))
        {
            yield return output;
            if (output is TextDelta && ++pieces == Pieces)
            {
                await _open.Task.WaitAsync(token);
            }
        }
    }
}
