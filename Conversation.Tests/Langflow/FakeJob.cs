using System.Text;
using System.Text.Json;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace Conversation.Tests.Langflow;

/// <summary>A job of the workflows API: it goes on whether anyone listens or not, and keeps its events, but not its tokens.</summary>
internal sealed class FakeJob(LangflowProfile profile, JsonElement body)
{
    private readonly List<(string Json, bool IsToken)> _events = [];
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _listeners;

    public string Id { get; } = Guid.CreateVersion7().ToString();

    public FakeEvents Events { get; } = new(profile, body.GetProperty("session_id").GetString()!);

    public JsonElement Body => body;

    public string Input => body.GetProperty("input_value").GetString()!;

    public string Status { get; private set; } = "in_progress";

    /// <summary>The text that the status tells once the job has ended.</summary>
    public string? Output { get; set; }

    public string? Error { get; private set; }

    /// <summary>How often it is said to go on yet when its events have ended.</summary>
    public int LateLooks { get; set; }

    /// <summary>Ends when the client asks for it.</summary>
    public Task Stopped => _stopped.Task;

    public int Listeners => Volatile.Read(ref _listeners);

    public bool HasEnded => Status != "in_progress";

    /// <summary>The id of its first event: versions differ.</summary>
    public int FirstId { get; set; }

    /// <summary>Whether an event's id is written before its data: versions differ in that as well.</summary>
    public bool IdsComeFirst { get; set; }

    /// <summary>The ids after which clients attached.</summary>
    public List<string> Attached { get; } = [];

    public void Emit(params string[] events)
    {
        lock (_events)
        {
            _events.AddRange(events.Select(json => (json, json.StartsWith("""{"event":"token""", StringComparison.Ordinal))));
            Signal();
        }
    }

    /// <summary>Ends well, or with an error.</summary>
    public void End(string? error = null)
    {
        lock (_events)
        {
            Status = error is null ? "completed" : "failed";
            Error = error;
            Signal();
        }
    }

    public void Stop()
    {
        lock (_events)
        {
            Status = "cancelled";
            Signal();
        }

        _stopped.TrySetResult();
    }

    /// <summary>Waits for someone to listen.</summary>
    public async Task HeardAsync()
    {
        // Taken before the look: who comes in between would wake nobody.
        for (var changed = ChangeAsync(); Listeners == 0; changed = ChangeAsync())
        {
            await changed.OrTimeout();
        }
    }

    /// <summary>Streams what was kept, then what comes, as server-sent events with their numbers.</summary>
    public async Task StreamAsync(HttpContext http, Func<int, bool> drops)
    {
        var last = http.Request.Headers["Last-Event-ID"].ToString();
        var next = last.Length > 0 ? int.Parse(last, System.Globalization.CultureInfo.InvariantCulture) + 1 - FirstId : 0;
        http.Response.ContentType = "text/event-stream";
        int live;
        lock (_events)
        {
            Attached.Add(last);
            live = _events.Count;
            _listeners++;
            Signal();
        }

        try
        {
            while (true)
            {
                var changed = ChangeAsync();
                var (pieces, ended) = Take(ref next, live);
                foreach (var (id, json) in pieces)
                {
                    var frame = IdsComeFirst ? $"id: {id}\ndata: {json}\n\n" : $"data: {json}\nid: {id}\n\n";
                    await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(frame), http.RequestAborted);
                    await http.Response.Body.FlushAsync(http.RequestAborted);
                    if (drops(id))
                    {
                        http.Abort();
                        return;
                    }
                }

                if (ended)
                {
                    return;
                }

                await changed.WaitAsync(http.RequestAborted);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _listeners);
        }
    }

    private (List<(int Id, string Json)> Pieces, bool Ended) Take(ref int next, int live)
    {
        var pieces = new List<(int, string)>();
        lock (_events)
        {
            for (; next < _events.Count; next++)
            {
                if (next >= live || !_events[next].IsToken)
                {
                    pieces.Add((next + FirstId, _events[next].Json));
                }
            }

            return (pieces, HasEnded);
        }
    }

    private Task ChangeAsync()
    {
        lock (_events)
        {
            return _changed.Task;
        }
    }

    private void Signal()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
