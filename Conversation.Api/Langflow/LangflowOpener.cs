using System.Text.RegularExpressions;
using Conversation.Api.AgentRuntimes;

namespace Conversation.Api.Langflow;

/// <summary>What became of the attempt to begin a run.</summary>
/// <param name="Notices">What there is to say of it.</param>
/// <param name="Answer">The run that has begun; null where none has.</param>
/// <param name="Chosen">The flow that was chosen for the conversation; null where it had one.</param>
/// <param name="Unusable">Why none could be begun.</param>
/// <param name="Failed">Why one that was begun failed at once.</param>
internal sealed record Opening(
    IReadOnlyList<Notice> Notices,
    ILangflowAnswer? Answer = null,
    string? Chosen = null,
    LangflowUnusableException? Unusable = null,
    AgentRuntimeException? Failed = null);

/// <summary>Begins runs: gets the key, chooses the flow and the API.</summary>
internal sealed partial class LangflowOpener(
    LangflowKeys keys, FlowChooser flows, ApiChoice apis, LangflowState state, ILogger<LangflowOpener> logger)
{
    private static readonly Notice Authenticated = new("info", LangflowNotices.Authenticated);

    /// <summary>An id, or an endpoint's name: nothing that would lead to another address.</summary>
    public static bool IsFlowName(string flow) => FlowName().IsMatch(flow);

    public async Task<Opening> OpenAsync(AgentContext context, CancellationToken token)
    {
        try
        {
            return await TryAsync(context, token);
        }
        catch (AgentRuntimeException error)
        {
            // The credential was accepted all the same, and an exception could not carry that notice.
            return new Opening([Authenticated], Failed: error);
        }
        catch (LangflowUnusableException error)
        {
            Log.Unusable(logger, context.RunId, error.Code, error);
            if (error.Code is LangflowErrors.Unavailable or LangflowErrors.AuthFailed)
            {
                state.Failed();
            }

            List<Notice> notices = error.Code == LangflowErrors.NoFlows ? [Authenticated] : [];
            if (error.Notice is { } code)
            {
                notices.Add(new Notice("warn", code));
            }

            return new Opening(notices, Unusable: error);
        }
    }

    /// <summary>A key that was accepted before and no longer is was withdrawn: then, and only then, a new one is tried.</summary>
    private async Task<Opening> TryAsync(AgentContext context, CancellationToken token)
    {
        var key = await keys.GetAsync(token);
        try
        {
            return await TryAsync(context, key, token);
        }
        catch (LangflowUnusableException error) when (error.Code == LangflowErrors.AuthFailed && keys.Forget(key))
        {
            return await TryAsync(context, await keys.GetAsync(token), token);
        }
    }

    private async Task<Opening> TryAsync(AgentContext context, string key, CancellationToken token)
    {
        var flow = context.Agent ?? await flows.ChooseAsync(context.Question, key, token);
        if (!IsFlowName(flow))
        {
            throw new LangflowUnusableException(LangflowErrors.FlowNotFound, "The flow's name is none that Langflow knows.");
        }

        var ask = new LangflowAsk(context, flow, key);
        var api = await apis.ForAsync(ask, token);
        try
        {
            var answer = await api.OpenAsync(ask, token);
            state.Succeeded();
            return new Opening([Authenticated], answer, context.Agent is null ? flow : null);
        }
        catch (LangflowUnusableException) when (api is WorkflowsApi)
        {
            apis.Forget();
            throw;
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,255}\z")]
    private static partial Regex FlowName();

    private static partial class Log
    {
        [LoggerMessage(850, LogLevel.Warning, "Run {RunId} cannot be begun in Langflow: {Code}.")]
        public static partial void Unusable(ILogger logger, Guid runId, string code, Exception error);
    }
}
