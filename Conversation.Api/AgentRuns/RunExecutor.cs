using Conversation.Api.AgentRuntimes;
using Conversation.Api.Feed;
using Conversation.Data.Access;
using Conversation.Data.Messages;
using Conversation.Data.Runs;

namespace Conversation.Api.AgentRuns;

/// <summary>Drives one run from its claim to its end: asks the runtime, writes what it says, and ends the run in the log.</summary>
internal sealed partial class RunExecutor(
    RunRepository runs,
    MessageRepository messages,
    AgentRuntimeRegistry runtimes,
    RunAnswerFactory answers,
    ILogger<RunExecutor> logger)
{
    public async Task ExecuteAsync(RunLease lease)
    {
        await using var answer = answers.Create(lease);
        try
        {
            var context = await ContextAsync(lease);
            if (context is null)
            {
                await answer.FailAsync(RunErrorCodes.Error, "The message to answer is gone.");
                return;
            }

            await SpeakAsync(runtimes.Get(context.Value.Runtime), context.Value.Context, answer, lease.Token);
        }
        catch (OperationCanceledException) when (lease.Token.IsCancellationRequested)
        {
            await EndAsync(lease, answer);
        }
        catch (LeaseLostException)
        {
            Log.LeaseLost(logger, lease.RunId);
        }
        catch (AgentRuntimeException error)
        {
            Log.RuntimeFailed(logger, lease.RunId, error.Code, error);
            await answer.FailAsync(error.Code, error.Message);
        }
        catch (Exception error)
        {
            Log.Failed(logger, lease.RunId, error);
            await answer.FailAsync(RunErrorCodes.Error, "The agent failed unexpectedly.");
        }
    }

    private static Task EndAsync(RunLease lease, RunAnswer answer) => lease.Reason switch
    {
        StopReason.Handover => answer.HandOverAsync(),
        StopReason.Cancelled => answer.CancelAsync(),
        _ => Task.CompletedTask,
    };

    private static async Task SpeakAsync(IAgentRuntime runtime, AgentContext context, RunAnswer answer, CancellationToken token)
    {
        await foreach (var output in runtime.RunAsync(context, token))
        {
            switch (output)
            {
                case TextDelta delta:
                    await answer.WriteAsync(delta.Text);
                    break;
                case Notice notice:
                    await answer.NoteAsync(notice);
                    break;
                case AnswerEnd end:
                    await answer.CompleteAsync(end);
                    return;
            }
        }

        throw new AgentRuntimeException(RunErrorCodes.Error, "The agent stopped in the middle of its answer.");
    }

    private async Task<(string Runtime, AgentContext Context)?> ContextAsync(RunLease lease)
    {
        var run = await runs.FindAsync(Caller.Service, lease.RunId, lease.Token);
        var trigger = run is null
            ? null
            : await messages.FindAsync(Caller.Service, lease.ConversationId, run.TriggerMessageId, lease.Token);
        if (run is null || trigger is null)
        {
            return null;
        }

        return (run.Runtime, new AgentContext
        {
            RunId = run.Id,
            ConversationId = run.ConversationId,
            Trigger = trigger,
            SessionId = run.ConversationId.ToString(),
            Earlier = token => messages.StreamAsync(Caller.Service, run.ConversationId, new MessageRange(Before: trigger.Seq), token),
        });
    }

    private static partial class Log
    {
        [LoggerMessage(510, LogLevel.Warning, "Run {RunId} is no longer this node's; it stops here.")]
        public static partial void LeaseLost(ILogger logger, Guid runId);

        [LoggerMessage(511, LogLevel.Warning, "The runtime of run {RunId} failed: {Code}.")]
        public static partial void RuntimeFailed(ILogger logger, Guid runId, string code, Exception error);

        [LoggerMessage(512, LogLevel.Error, "Run {RunId} failed unexpectedly.")]
        public static partial void Failed(ILogger logger, Guid runId, Exception error);
    }
}
