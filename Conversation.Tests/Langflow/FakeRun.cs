using System.Text;
using System.Text.Json;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace Conversation.Tests.Langflow;

/// <summary>A run that reached the fake: what was asked, and the stream of its answer.</summary>
internal sealed class FakeRun
{
    private readonly HttpContext _http;
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FakeRun(HttpContext http, LangflowProfile profile, string flow, JsonElement body)
    {
        _http = http;
        Profile = profile;
        Flow = flow;
        Body = body;
        Headers = http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        Query = http.Request.QueryString.Value ?? "";
        Events = new FakeEvents(profile, SessionId);
        http.RequestAborted.Register(() => _gone.TrySetResult());
    }

    public LangflowProfile Profile { get; }

    public FakeEvents Events { get; }

    public string Flow { get; }

    public JsonElement Body { get; }

    public string Query { get; }

    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>Without one, the flow's id is used and everyone shares a memory.</summary>
    public string SessionId => Body.TryGetProperty("session_id", out var session) ? session.GetString()! : Flow;

    /// <summary>What Langflow's chat input would get: any other field is ignored.</summary>
    public string? Input => Body.TryGetProperty("input_value", out var input) ? input.GetString() : null;

    /// <summary>Ends when the client cuts the connection; Langflow then cancels the flow.</summary>
    public Task Cancelled => _gone.Task;

    public CancellationToken Token => _http.RequestAborted;

    /// <summary>One event a line, and the blank line that Langflow writes.</summary>
    public Task SendAsync(params string[] events) => SendRawAsync(string.Concat(events.Select(line => $"{line}\n\n")));

    public Task SendRawAsync(string text) => SendRawAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendRawAsync(byte[] bytes)
    {
        await _http.Response.Body.WriteAsync(bytes, Token);
        await _http.Response.Body.FlushAsync(Token);
    }

    /// <summary>Resets the connection.</summary>
    public void Reset() => _http.Abort();

    /// <summary>Waits until the client goes; what a hanging server does.</summary>
    public Task HangAsync() => Cancelled.OrTimeout();
}
