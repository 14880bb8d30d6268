using Conversation.Api.AgentRuntimes;
using Conversation.Api.Background;
using Conversation.Api.Observability;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>
/// What a runtime says, written down as it is said, until it ends or is no longer listened to. A runtime that does not stop when asked
/// is left to itself: nothing that it still says is heard.
/// </summary>
internal sealed class RunDialogue(RunLease lease, RunAnswer answer, RunRepository runs, IAgentRuntime runtime, TimeProvider time)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private bool _closed;

    /// <summary>What a cancel achieved.</summary>
    public string CancelOutcome { get; private set; } = runtime.Capabilities.Cancel;

    /// <returns>Whether the answer was completed.</returns>
    /// <exception cref="AgentRuntimeException">The runtime failed, or ended without an end.</exception>
    public async Task<bool> ListenAsync(AgentContext context)
    {
        using var span = ServiceTraces.Runtime(runtime.Name, context.Agent);
        // Its silence begins when it is asked: what came before was the database's.
        lease.Heard();
        await foreach (var output in runtime.RunAsync(context, lease.Token))
        {
            lease.Heard();
            await _turn.WaitAsync(CancellationToken.None);
            try
            {
                if (_closed || await WriteAsync(context, output))
                {
                    return !_closed;
                }
            }
            finally
            {
                _turn.Release();
            }
        }

        lease.Token.ThrowIfCancellationRequested();
        throw new AgentRuntimeException(Feed.RunErrorCodes.Error, "The agent stopped in the middle of its answer.");
    }

    /// <summary>Listens no longer. Returns when nothing more is being written.</summary>
    public async Task CloseAsync()
    {
        await _turn.WaitAsync(CancellationToken.None);
        _closed = true;
        if (CancelOutcome == Data.Runs.CancelOutcome.Confirmed)
        {
            // It was told to stop, and has not.
            CancelOutcome = Data.Runs.CancelOutcome.Unconfirmed;
        }

        _turn.Release();
    }

    /// <returns>Whether that was the end.</returns>
    private async Task<bool> WriteAsync(AgentContext context, AgentOutput output)
    {
        switch (output)
        {
            case TextDelta delta:
                await answer.WriteAsync(delta.Text);
                if (answer.IsFull)
                {
                    await answer.CompleteAsync(new AnswerEnd("length"));
                    return true;
                }

                return false;
            case AnswerEnd end:
                await answer.CompleteAsync(end);
                return true;
            case Notice notice:
                await answer.NoteAsync(RunEvents.Of(notice));
                return false;
            case ToolStarted tool:
                await answer.NoteToolAsync(RunEvents.Of(tool));
                return false;
            case ToolCompleted tool:
                await answer.NoteToolAsync(RunEvents.Of(tool));
                return false;
            case AnswerMetadata metadata:
                answer.Describe(metadata.Json);
                return false;
            case ResumePoint point when runtime.Capabilities.Resumes:
                answer.ResumeAt(point.Token);
                return false;
            case AgentChosen chosen when chosen.Agent != context.Agent:
                await Outage.WaitOutAsync(
                    () => runs.BindAgentAsServiceAsync(lease.ConversationId, lease.RunId, lease.Attempt, TextSanitizer.Whole(chosen.Agent), lease.Token),
                    time,
                    lease.Token);
                return false;
            case CancelReport report:
                CancelOutcome = report.Outcome;
                return false;
            default:
                return false;
        }
    }
}
