using Conversation.Api.AgentRuntimes;
using Conversation.Data.Runs;

namespace Conversation.Api.Langflow;

/// <summary>
/// The answer of a job. When its connection drops it attaches again behind the last event; pieces are not kept by Langflow, so from
/// then on only whole texts are believed and the answer grows in larger steps.
/// </summary>
internal sealed partial class WorkflowAnswer : ILangflowAnswer
{
    /// <summary>Lost connections of one answer: with the pauses between them some 8 s of a gateway that restarts.</summary>
    private const int MostDrops = 6;

    /// <summary>Looks for the result of a job that has ended, which may be stored a moment later.</summary>
    private const int MostLooks = 6;

    /// <summary>Less than a run waits for its runtime to stop.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(3);

    private readonly WorkflowJob _job;
    private readonly WorkflowJobs _jobs;
    private readonly LangflowOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly AnswerAccumulator _answer;
    private readonly bool _isNew;
    private EventStream? _events;
    private long? _lastEvent;
    private bool _pointed;
    private int _drops;

    public WorkflowAnswer(
        WorkflowJob job,
        WorkflowJobs jobs,
        LangflowOptions options,
        TimeProvider time,
        ILogger logger,
        ResumeToken? from = null,
        string said = "")
    {
        _job = job;
        _jobs = jobs;
        _options = options;
        _time = time;
        _logger = logger;
        _answer = new AnswerAccumulator(said, from);
        _lastEvent = from?.Event;
        _isNew = from is null;
    }

    private ResumePoint Here => new(_answer.At(_job.Id, _lastEvent).ToString());

    public async Task<bool> NextAsync(List<AgentOutput> said, CancellationToken token)
    {
        if (!_pointed)
        {
            // Before anything is shown: from here on the job belongs to the run, whoever works on it.
            _pointed = true;
            said.Add(Here);
            return true;
        }

        try
        {
            _events ??= await EventStream.OpenAsync(
                await _jobs.AttachAsync(_job, _lastEvent, token), _options.LongestLine, _lastEvent, _isNew && _drops == 0, _logger, token);
            if (await _events.NextAsync(_answer, said, token) && !_answer.IsBehind)
            {
                return await TookAsync(said, token);
            }

            return await DroppedAsync(_events.Broken, said, token);
        }
        catch (LangflowUnusableException error)
        {
            return await DroppedAsync(error, said, token);
        }
    }

    public async Task<string> StopAsync()
    {
        using var patience = new CancellationTokenSource(StopPatience, _time);
        try
        {
            return await _jobs.StopAsync(_job, patience.Token) ? CancelOutcome.Confirmed : CancelOutcome.Unconfirmed;
        }
        catch (Exception error) when (error is LangflowUnusableException or OperationCanceledException)
        {
            Log.NotStopped(_logger, _job.Id, error);
            return CancelOutcome.Unconfirmed;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_events is not null)
        {
            await _events.DisposeAsync();
        }
    }

    private async Task<bool> TookAsync(List<AgentOutput> said, CancellationToken token)
    {
        _drops = 0;
        _lastEvent = _events!.LastId;
        if (_answer.HasFailed || _answer.WasStopped)
        {
            throw new AgentRuntimeException(LangflowErrors.FlowFailed, _answer.Failure ?? "The flow was stopped in Langflow.");
        }

        if (_answer.HasEnded)
        {
            _answer.Finish(_answer.FinalText is null || _answer.Failure is not null ? await EndedAsync(token) : null, said);
            return false;
        }

        if (said.Count > 0)
        {
            said.Add(Here);
        }

        return true;
    }

    /// <summary>
    /// Events of a flow that failed end like those of one that did not, and the job itself ends a moment later, with its result or its failure:
    /// that is waited for.
    /// </summary>
    /// <returns>The text, where the job tells it.</returns>
    private async Task<string?> EndedAsync(CancellationToken token)
    {
        for (var looks = 1; ; looks++)
        {
            try
            {
                var (completed, text) = await _jobs.StatusAsync(_job, token);
                if (completed)
                {
                    return text;
                }
            }
            catch (AgentRuntimeException error) when (_answer.Failure is { } why)
            {
                // The job itself says no more than that it has failed.
                throw new AgentRuntimeException(LangflowErrors.FlowFailed, why, error);
            }

            if (looks == MostLooks)
            {
                return _answer.Failure is { } why ? throw new AgentRuntimeException(LangflowErrors.FlowFailed, why) : null;
            }

            await Task.Delay(_options.RetryPause * looks, _time, token);
        }
    }

    private async Task<bool> DroppedAsync(Exception? cause, List<AgentOutput> said, CancellationToken token)
    {
        // An event that came with the break is not asked for again.
        _lastEvent = _events?.LastId ?? _lastEvent;
        await DisposeAsync();
        _events = null;
        if (_answer.IsBehind)
        {
            _answer.LoseTokens();
        }

        if (++_drops > MostDrops)
        {
            throw new AgentRuntimeException(
                LangflowErrors.Unavailable, "The connection to Langflow was lost in the middle of the answer.", cause);
        }

        Log.Dropped(_logger, _job.Id, _drops, cause);
        if (_drops > 1)
        {
            await Task.Delay(_options.RetryPause * (1 << (_drops - 2)), _time, token);
        }

        try
        {
            var (completed, text) = await _jobs.StatusAsync(_job, token);
            if (completed && (text is not null || _drops > 1))
            {
                _answer.Finish(text, said);
                return false;
            }
        }
        catch (LangflowUnusableException error)
        {
            Log.Dropped(_logger, _job.Id, _drops, error);
        }

        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(830, LogLevel.Warning, "The events of job {Job} broke off ({Drops} in a row); it is attached to again.")]
        public static partial void Dropped(ILogger logger, string job, int drops, Exception? error);

        [LoggerMessage(831, LogLevel.Warning, "Langflow did not confirm that job {Job} was stopped.")]
        public static partial void NotStopped(ILogger logger, string job, Exception error);
    }
}
