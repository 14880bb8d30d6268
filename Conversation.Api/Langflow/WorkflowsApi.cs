namespace Conversation.Api.Langflow;

/// <summary>
/// <c>/api/v2/workflows</c> of 1.11 and later: the flow runs as a job that outlives its listeners. It is begun at most once, because
/// the run's id is its idempotency key, can be attached to again, and can be stopped.
/// </summary>
internal sealed class WorkflowsApi(
    WorkflowJobs jobs, LangflowOptions options, TimeProvider time, ILogger<WorkflowsApi> logger) : ILangflowApi
{
    public async Task<ILangflowAnswer> OpenAsync(LangflowAsk ask, CancellationToken token)
    {
        if (ask.Context.Resume is { } resume)
        {
            var from = ResumeToken.Parse(resume.Token)
                ?? throw new LangflowUnusableException(
                    LangflowErrors.Unavailable, "The answer cannot be continued: its resume token is not known.");
            return new WorkflowAnswer(new WorkflowJob(from.Job, ask.Key), jobs, options, time, logger, from, resume.Text);
        }

        var job = await BeginAsync(ask, token);
        return new WorkflowAnswer(new WorkflowJob(job, ask.Key), jobs, options, time, logger);
    }

    /// <summary>Unlike any other run, this one may be begun again: the key makes it the same job.</summary>
    private async Task<string> BeginAsync(LangflowAsk ask, CancellationToken token)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await jobs.BeginAsync(ask, token);
            }
            catch (LangflowUnusableException error) when (error.Code == LangflowErrors.Unavailable && error.Notice is null && attempt < 3)
            {
                await Task.Delay(options.RetryPause * attempt, time, token);
            }
        }
    }
}
