using System.Globalization;
using System.Net;
using System.Text.Json;
using Conversation.Api.AgentRuntimes;

namespace Conversation.Api.Langflow;

/// <summary>A job in Langflow.</summary>
/// <param name="Id">Its id there.</param>
/// <param name="Key">The API key.</param>
internal sealed record WorkflowJob(string Id, string Key);

/// <summary>The calls of the workflows API.</summary>
internal sealed class WorkflowJobs(LangflowHttp http)
{
    private const string Path = "api/v2/workflows";
    private const string NoSuchJob = "JOB_NOT_FOUND";
    private const string JobFailed = "JOB_FAILED";

    /// <summary>Begins a job, or finds the one that was begun with this run's id.</summary>
    public async Task<string> BeginAsync(LangflowAsk ask, CancellationToken token)
    {
        using var request = LangflowHttp.Request(
            HttpMethod.Post,
            Path,
            ask.Key,
            new
            {
                flow_id = ask.Flow,
                input_value = ask.Context.Question,
                session_id = ask.Context.SessionId,
                mode = "background",
                stream_protocol = "langflow",
                idempotency_key = ask.Context.RunId.ToString(),
            });
        var job = (await http.ReadAsync(request, token)).Text("job_id");
        return job ?? throw new LangflowUnusableException(LangflowErrors.Unavailable, "Langflow began a job without an id.");
    }

    /// <summary>The job's events after one of them; all that it kept where there is none.</summary>
    public async Task<HttpResponseMessage> AttachAsync(WorkflowJob job, long? after, CancellationToken token)
    {
        using var request = LangflowHttp.Request(HttpMethod.Get, $"{Path}/{Uri.EscapeDataString(job.Id)}/events", job.Key);
        if (after is { } last)
        {
            request.Headers.Add("Last-Event-ID", last.ToString(CultureInfo.InvariantCulture));
        }

        var response = await http.SendRawAsync(request, token);
        if (LangflowHttp.IsSuccess(response))
        {
            return response;
        }

        using (response)
        {
            throw response.StatusCode == HttpStatusCode.InternalServerError
                ? LangflowUnusableException.OfStatus(response.StatusCode)
                : await LangflowHttp.FailureAsync(response, token);
        }
    }

    /// <summary>How a job is.</summary>
    /// <returns>Whether it has ended well, and its text, where it is told.</returns>
    /// <exception cref="AgentRuntimeException">It has ended badly, or is gone.</exception>
    /// <exception cref="LangflowUnusableException">It could not be asked.</exception>
    public async Task<(bool Completed, string? Text)> StatusAsync(WorkflowJob job, CancellationToken token)
    {
        using var request = LangflowHttp.Request(HttpMethod.Get, $"{Path}?job_id={Uri.EscapeDataString(job.Id)}", job.Key);
        using var response = await http.SendForDocumentAsync(request, token);
        if (!LangflowHttp.IsSuccess(response))
        {
            throw response.StatusCode switch
            {
                HttpStatusCode.NotFound => Failed("The job is gone from Langflow."),
                HttpStatusCode.RequestTimeout => Failed("The flow took longer than Langflow allows."),
                HttpStatusCode.InternalServerError => await ServerErrorAsync(response, token),
                _ => await LangflowHttp.FailureAsync(response, token),
            };
        }

        var status = await LangflowHttp.JsonAsync(response, token);
        return status.Text("status") switch
        {
            "completed" => (true, TextOf(status)),
            "failed" or "timed_out" => throw Failed(status.Items("errors").Select(ErrorText.Of).FirstOrDefault() ?? ErrorText.Clean(null)),
            "cancelled" => throw Failed("The flow was stopped in Langflow."),
            "suspended" => throw Failed("The flow waits for a person's decision, which cannot be given here."),
            _ => (false, null),
        };
    }

    /// <summary>Stops a job; false where Langflow did not say that it has.</summary>
    public async Task<bool> StopAsync(WorkflowJob job, CancellationToken token)
    {
        using var request = LangflowHttp.Request(HttpMethod.Post, $"{Path}/stop", job.Key, new { job_id = job.Id });
        using var response = await http.SendRawAsync(request, token);
        return LangflowHttp.IsSuccess(response);
    }

    /// <summary>Whether the server has this API and has it switched on: only then does it look for a job at all.</summary>
    public async Task<bool> AreOfferedAsync(string key, CancellationToken token)
    {
        using var request = LangflowHttp.Request(HttpMethod.Get, $"{Path}?job_id={Guid.Empty}", key);
        using var response = await http.SendForDocumentAsync(request, token);
        return response.StatusCode == HttpStatusCode.NotFound
            && ErrorText.Parse(await LangflowHttp.HeadAsync(response, token))?.Get("detail")?.Text("code") == NoSuchJob;
    }

    /// <summary>A flow with several outputs has no text of its own: theirs then, in its order.</summary>
    private static string? TextOf(JsonElement status)
    {
        if (status.Get("output")?.Text("text") is { } only)
        {
            return only;
        }

        var texts = status.Get("outputs") is { ValueKind: JsonValueKind.Object } outputs
            ? outputs.EnumerateObject().Select(output => output.Value.Text("content")).Where(text => text is { Length: > 0 }).ToArray()
            : [];
        return texts.Length == 0 ? null : string.Join(AnswerAccumulator.Between, texts);
    }

    /// <summary>A failed job is told by status 500 and its code; any other 500 is the server's, and says nothing of the job.</summary>
    private static async Task<Exception> ServerErrorAsync(HttpResponseMessage response, CancellationToken token)
    {
        var head = await LangflowHttp.HeadAsync(response, token);
        var detail = ErrorText.Parse(head)?.Get("detail");
        if (detail?.Text("code") != JobFailed)
        {
            return LangflowUnusableException.OfStatus(response.StatusCode);
        }

        return Failed(detail?.Get("error_detail") switch
        {
            { ValueKind: JsonValueKind.Object } words => ErrorText.Of(words),
            { ValueKind: JsonValueKind.String } words when words.GetRawText().Length > 2 => ErrorText.Of(words),
            _ => ErrorText.OfBody(head) ?? ErrorText.Clean(null),
        });
    }

    private static AgentRuntimeException Failed(string detail) => new(LangflowErrors.FlowFailed, detail);
}
