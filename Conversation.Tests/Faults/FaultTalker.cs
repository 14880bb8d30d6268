using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Faults;

/// <summary>
/// Someone who talks in one conversation: at both nodes, several messages at a time, some of them twice at once under one key; what is
/// refused or not answered is sent again under its key until it is accepted.
/// </summary>
internal sealed class FaultTalker(Guid conversation, int number, ApiClient[] nodes, SemaphoreSlim ended)
{
    public const string End = "This is the end.";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private TaskCompletionSource _open = Opened();
    private int _refused;
    private int _asked;
    private volatile bool _asksNothing;
    private volatile bool _notesNothing;

    /// <summary>What was answered with 201, by its key: the message's id.</summary>
    public ConcurrentDictionary<string, Guid> Acknowledged { get; } = new();

    /// <summary>How often it was told to try again, or not answered.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>Runs whose end it saw.</summary>
    public int Runs { get; private set; }

    /// <summary>Whether it says nothing and waits for no answer.</summary>
    public bool IsQuiet => !_open.Task.IsCompleted && _asksNothing && _notesNothing;

    /// <summary>Says nothing more once it has its answers.</summary>
    public void Hold() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => _open.TrySetResult();

    /// <summary>Asks one thing more at one node, while it is quiet.</summary>
    public Task AskAtAsync(int node)
    {
        _asked++;
        return SendAsync("user", $"{number}.{_asked}.asked at {node}", node - number);
    }

    /// <summary>Asks, waits for the answers, asks again; and all the while something is noted, so that every fault hits writes too.</summary>
    public Task[] Talk(Task over) => [AskAsync(over), NoteAsync(over)];

    private async Task NoteAsync(Task over)
    {
        for (var i = 0; !over.IsCompleted; i++)
        {
            _notesNothing = true;
            await Task.WhenAny(_open.Task, over);
            _notesNothing = false;
            // At both nodes at once: whose number comes first is for the database to say.
            await Task.WhenAll(
                SendAsync("system", $"{number}.{i}.noted meanwhile", i),
                SendAsync("system", $"{number}.{i}.noted at the same time", i + 1));
            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task AskAsync(Task over)
    {
        for (var i = 0; !over.IsCompleted; i++)
        {
            _asksNothing = true;
            await Task.WhenAny(_open.Task, over);
            _asksNothing = false;
            await EndedAsync();
            _asked += 2;
            // Both at once, so that one waits for the other's answer.
            await Task.WhenAll(
                SendTwiceAsync("user", $"{number}.{i}.asked", i),
                SendAsync("user", $"{number}.{i}.asked again", i + 1),
                SendTwiceAsync("system", $"{number}.{i}.noted", i));
            await EndedAsync();
        }
    }

    public Task SayEndAsync() => SendAsync("system", End, number);

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    private async Task EndedAsync()
    {
        for (; Runs < _asked; Runs++)
        {
            if (!await ended.WaitAsync(Limit))
            {
                throw new InvalidOperationException($"No end of a run was seen for {Limit}.");
            }
        }
    }

    private async Task SendTwiceAsync(string role, string content, int at)
    {
        var ids = await Task.WhenAll(SendAsync(role, content, at), SendAsync(role, content, at + 1));
        if (ids[0] != ids[1])
        {
            throw new InvalidOperationException($"One key, two messages: {content}.");
        }
    }

    private async Task<Guid> SendAsync(string role, string content, int at)
    {
        var clock = Stopwatch.StartNew();
        for (var node = Math.Abs(number + at); clock.Elapsed < Limit; node++)
        {
            try
            {
                using var response = await nodes[node % nodes.Length].Http.PostAsJsonAsync(
                    $"{ApiClient.Root}/conversations/{conversation}/messages", new { role, content, client_message_id = content });
                if ((int)response.StatusCode == 201)
                {
                    var id = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
                    return Acknowledged[content] = id;
                }

                if ((int)response.StatusCode != 503 || response.Headers.RetryAfter is null)
                {
                    throw new InvalidOperationException($"{response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
                }
            }
            catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
            {
                // Not answered: stored or not, the key makes sure that it is once.
            }

            Interlocked.Increment(ref _refused);
            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
        }

        throw new InvalidOperationException($"Not accepted for {Limit}: {content}.");
    }
}
