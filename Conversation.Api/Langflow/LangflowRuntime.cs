using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Conversation.Api.AgentRuntimes;
using Conversation.Data.Runs;

namespace Conversation.Api.Langflow;

/// <summary>
/// Runs flows in Langflow. Where it cannot be used, the run fails honestly; in development and testing a simulated answer, marked as
/// such, stands in for it.
/// </summary>
internal sealed class LangflowRuntime(
    LangflowOpener opener, LangflowState state, LangflowOptions options, SimulatedRuntime simulated) : IAgentRuntime
{
    public const string RuntimeName = "langflow";

    private static readonly StillWorking Working = new();

    public string Name => RuntimeName;

    /// <summary>Only a job of the workflows API can be stopped for sure and continued; it says so by itself.</summary>
    public AgentCapabilities Capabilities { get; } = new(CancelOutcome.Unconfirmed, Resumes: true);

    public string State => state.Text;

    public async IAsyncEnumerable<AgentOutput> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken token)
    {
        var opening = await opener.OpenAsync(context, token);
        foreach (var notice in opening.Notices.Where(_ => context.Resume is null))
        {
            yield return notice;
        }

        if (opening.Failed is { } failed)
        {
            // Keeps its stack trace.
            ExceptionDispatchInfo.Throw(failed);
        }

        if (opening.Answer is null)
        {
            if (!options.Simulate || context.Resume is not null)
            {
                throw opening.Unusable!.ToFailure();
            }

            // It marks its answer and warns of it by itself. The agent is a flow, no script for it.
            var why = $"Langflow could not be used: {opening.Unusable!.Message}";
            await foreach (var output in simulated.RunAsync(context with { Agent = null }, why, token))
            {
                yield return output;
            }

            yield break;
        }

        await using var answer = opening.Answer;
        if (opening.Chosen is { } flow)
        {
            yield return new AgentChosen(flow);
        }

        await foreach (var output in SpeakAsync(answer, context, token))
        {
            yield return output;
        }
    }

    private static async IAsyncEnumerable<AgentOutput> SpeakAsync(
        ILangflowAnswer answer, AgentContext context, [EnumeratorCancellation] CancellationToken token)
    {
        var said = new List<AgentOutput>();
        var isOver = false;
        try
        {
            while (true)
            {
                said.Clear();
                // Where NextAsync throws, the run has ended by itself and needs no stop.
                isOver = true;
                var goesOn = await NextAsync(answer, said, token);
                if (goesOn is null)
                {
                    // A job that another process continues must not be stopped.
                    if (!context.IsHandedOver())
                    {
                        yield return new CancelReport(await answer.StopAsync());
                    }

                    token.ThrowIfCancellationRequested();
                }

                isOver = goesOn == false;
                foreach (var output in said)
                {
                    yield return output;
                }

                if (isOver)
                {
                    yield break;
                }

                if (said.Count == 0)
                {
                    yield return Working;
                }
            }
        }
        finally
        {
            // Whoever listened has gone: the answer is full, or its run was ended.
            if (!isOver && !context.IsHandedOver())
            {
                await answer.StopAsync();
            }
        }
    }

    /// <summary>Null when the token was cancelled.</summary>
    private static async Task<bool?> NextAsync(ILangflowAnswer answer, List<AgentOutput> said, CancellationToken token)
    {
        try
        {
            token.ThrowIfCancellationRequested();
            return await answer.NextAsync(said, token);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            return null;
        }
    }
}
