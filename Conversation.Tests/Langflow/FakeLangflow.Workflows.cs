using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace Conversation.Tests.Langflow;

/// <content>The workflows API of 1.11.</content>
internal sealed partial class FakeLangflow
{
    private static readonly string[] Known =
        ["flow_id", "input_value", "session_id", "mode", "stream_protocol", "tweaks", "globals", "output_ids", "files", "idempotency_key"];

    private readonly ConcurrentDictionary<string, FakeJob> _jobs = new();
    private readonly ConcurrentDictionary<string, FakeJob> _byKey = new();
    private readonly Channel<FakeJob> _begun = Channel.CreateBounded<FakeJob>(1000);

    /// <summary>Whether LANGFLOW_DEVELOPER_API_ENABLED is set.</summary>
    public bool WorkflowsAreOn { get; set; } = true;

    /// <summary>How often beginning a job is answered only after the connection broke: the job has begun all the same.</summary>
    public int LostBeginnings { get; set; }

    /// <summary>Whether a stream of events breaks after an event.</summary>
    public Func<int, bool> Drops { get; set; } = _ => false;

    public ICollection<FakeJob> Jobs => _jobs.Values;

    public Task<FakeJob> NextJobAsync() => _begun.Reader.ReadAsync().OrTimeout();

    private Task WorkflowsAsync(HttpContext http, string path)
    {
        if (!WorkflowsAreOn)
        {
            return WriteAsync(http, 403, new
            {
                detail = new { error = "Developer API disabled", code = "DEVELOPER_API_DISABLED", message = "Set LANGFLOW_DEVELOPER_API_ENABLED." },
            });
        }

        if (Refusal(http) is { } refusal)
        {
            return WriteAsync(http, 403, new { detail = refusal });
        }

        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return (http.Request.Method, parts.Length > 3 ? parts[^1] : "") switch
        {
            ("POST", "") => BeginAsync(http),
            ("GET", "") => StatusAsync(http, http.Request.Query["job_id"].ToString()),
            ("POST", "stop") => StopAsync(http),
            ("GET", "events") => _jobs.TryGetValue(parts[^2], out var job) ? job.StreamAsync(http, Drops) : NoJobAsync(http),
            _ => MissingAsync(http, "Not Found"),
        };
    }

    private async Task BeginAsync(HttpContext http)
    {
        var body = await JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body);
        var strange = body.EnumerateObject().Select(member => member.Name).FirstOrDefault(name => !Known.Contains(name));
        if (strange is not null || !Guid.TryParse(body.GetProperty("flow_id").GetString(), out _))
        {
            await WriteAsync(http, 422, new { detail = new[] { new { type = "extra_forbidden", msg = $"Not permitted: {strange ?? "flow_id"}" } } });
            return;
        }

        var job = _byKey.GetOrAdd(body.GetProperty("idempotency_key").GetString()!, _ =>
        {
            var begun = new FakeJob(Profile, body);
            _jobs[begun.Id] = begun;
            _begun.Writer.TryWrite(begun);
            return begun;
        });
        if (LostBeginnings-- > 0)
        {
            http.Abort();
            return;
        }

        await WriteAsync(http, 200, new { @object = "job", job_id = job.Id, flow_id = body.GetProperty("flow_id"), status = "queued", errors = Array.Empty<object>() });
    }

    private Task StatusAsync(HttpContext http, string id) => !_jobs.TryGetValue(id, out var job)
        ? NoJobAsync(http)
        : job.HasEnded && job.LateLooks-- > 0
            ? WriteAsync(http, 200, new { job_id = id, status = "in_progress", errors = Array.Empty<object>() })
        : job.Status == "failed"
            ? WriteAsync(http, 500, new { detail = new { code = "JOB_FAILED", message = job.Error } })
            : WriteAsync(http, 200, new { job_id = id, status = job.Status, output = new { reason = "single", text = job.Output }, errors = Array.Empty<object>() });

    private async Task StopAsync(HttpContext http)
    {
        var body = await JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body);
        if (!_jobs.TryGetValue(body.GetProperty("job_id").GetString()!, out var job))
        {
            await NoJobAsync(http);
            return;
        }

        job.Stop();
        await WriteAsync(http, 200, new { job_id = job.Id, message = $"Job {job.Id} cancelled successfully." });
    }

    private static Task NoJobAsync(HttpContext http) =>
        WriteAsync(http, 404, new { detail = new { code = "JOB_NOT_FOUND", message = "No such job." } });
}
