namespace Conversation.Api.Langflow;

/// <summary>Which way a flow is run: by setting, else by what the server says of itself, which is asked once in a while.</summary>
internal sealed partial class ApiChoice(
    RunApi run,
    WorkflowsApi workflows,
    WorkflowJobs jobs,
    LangflowHttp http,
    LangflowOptions options,
    TimeProvider time,
    ILogger<ApiChoice> logger)
{
    /// <summary>An upgrade of the server, or a switch there, is noticed within this time.</summary>
    private static readonly TimeSpan Valid = TimeSpan.FromMinutes(5);

    private static readonly Version FirstWithEvents = new(1, 11);

    private volatile Answer? _last;

    public async ValueTask<ILangflowApi> ForAsync(LangflowAsk ask, CancellationToken token)
    {
        if (ask.Context.Resume is not null || options.Api == LangflowApis.Workflows)
        {
            return workflows;
        }

        // Workflows know flows by id only, not by the name of an endpoint.
        return options.Api == LangflowApis.Auto && Guid.TryParse(ask.Flow, out _) && await OfferedAsync(ask.Key, token) ? workflows : run;
    }

    /// <summary>What was known has proved wrong.</summary>
    public void Forget() => _last = null;

    private async ValueTask<bool> OfferedAsync(string key, CancellationToken token)
    {
        if (_last is { } known && time.GetElapsedTime(known.At) < Valid)
        {
            return known.Offered;
        }

        try
        {
            var offered = await VersionAsync(token) >= FirstWithEvents && await jobs.AreOfferedAsync(key, token);
            _last = new Answer(offered, time.GetTimestamp());
            Log.Chosen(logger, offered ? LangflowApis.Workflows : LangflowApis.Run);
            return offered;
        }
        catch (LangflowUnusableException error)
        {
            // Whether it can be used at all, the run itself finds out.
            Log.NotAsked(logger, error);
            return false;
        }
    }

    private async Task<Version?> VersionAsync(CancellationToken token)
    {
        using var request = LangflowHttp.Request(HttpMethod.Get, "api/v1/version", key: null);
        using var response = await http.SendForDocumentAsync(request, token);
        if (!LangflowHttp.IsSuccess(response))
        {
            return null;
        }

        var reply = await LangflowHttp.JsonAsync(response, token);
        return Version.TryParse(reply.Text("main_version") ?? reply.Text("version"), out var version) ? version : null;
    }

    private sealed record Answer(bool Offered, long At);

    private static partial class Log
    {
        [LoggerMessage(840, LogLevel.Information, "Flows are run by the API {Api}.")]
        public static partial void Chosen(ILogger logger, string api);

        [LoggerMessage(841, LogLevel.Warning, "Langflow could not be asked for its version; the API that every version has is used.")]
        public static partial void NotAsked(ILogger logger, Exception error);
    }
}
