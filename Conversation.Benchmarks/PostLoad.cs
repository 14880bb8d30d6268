using System.Net.Http.Headers;
using HdrHistogram;

namespace Conversation.Benchmarks;

/// <summary>POST of a message on 32 connections, each as fast as it is answered, into 32 conversations.</summary>
internal static class PostLoad
{
    private const int Connections = 32;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(4);

    public static async Task<Figures> RunAsync(Measurement run)
    {
        using var client = await LoadClient.CreateAsync(run, Connections);
        var targets = await client.ConversationsAsync(Connections);
        await DriveAsync(client, targets, WarmUp);
        var before = run.Cpu.Read();
        var started = TimeProvider.System.GetTimestamp();
        var latencies = await DriveAsync(client, targets, run.Duration);
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        return Figures.From("POST message, 32 connections", run, latencies, seconds, before, run.Cpu.Read());
    }

    private static async Task<HistogramBase> DriveAsync(LoadClient client, Guid[] targets, TimeSpan duration)
    {
        var all = new LongHistogram(TimeStamp.Minutes(1), 3);
        var started = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(targets.Select(async target =>
        {
            var own = new LongHistogram(TimeStamp.Minutes(1), 3);
            while (TimeProvider.System.GetElapsedTime(started) < duration)
            {
                var sent = TimeProvider.System.GetTimestamp();
                await client.PostAsync(target);
                own.RecordValue((long)TimeProvider.System.GetElapsedTime(sent).TotalNanoseconds);
            }

            lock (all)
            {
                all.Add(own);
            }
        }));
        return all;
    }
}

/// <summary>Speaks to either subject in its own words.</summary>
internal sealed class LoadClient : IDisposable
{
    private const string Content = "A message of ordinary length, as people write them: about a hundred and twenty characters of plain text.";

    private readonly Measurement _run;

    private LoadClient(Measurement run, HttpClient http, string? token)
    {
        _run = run;
        Http = http;
        Token = token;
    }

    public HttpClient Http { get; }

    public string? Token { get; }

    public static async Task<LoadClient> CreateAsync(Measurement run, int connections)
    {
        var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = connections }) { BaseAddress = run.Subject.Address };
        var token = run.IsBare ? null : await run.Subject.TokenAsync();
        http.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return new LoadClient(run, http, token);
    }

    public async Task<Guid[]> ConversationsAsync(int count)
    {
        var ids = new Guid[count];
        for (var i = 0; i < count; i++)
        {
            ids[i] = _run.IsBare ? Data.Postgres.Ids.New() : await CreateAsync();
        }

        return ids;
    }

    public async Task PostAsync(Guid conversation)
    {
        using var response = _run.IsBare
            ? await Http.PostAsJsonAsync(
                new Uri("/messages", UriKind.Relative), new { ConversationId = conversation, Role = "user", Content })
            : await Http.PostAsJsonAsync(
                new Uri($"/api/v1/conversations/{conversation}/messages", UriKind.Relative), new { role = "user", content = Content, run = false });
        response.EnsureSuccessStatusCode();
    }

    public Uri ListAddress(Guid conversation) => new(
        _run.IsBare ? $"/messages/{conversation}" : $"/api/v1/conversations/{conversation}/messages?order=desc&limit=50", UriKind.Relative);

    public void Dispose() => Http.Dispose();

    private async Task<Guid> CreateAsync()
    {
        using var response = await Http.PostAsJsonAsync(new Uri("/api/v1/conversations/", UriKind.Relative), new { title = "bench" });
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>()).GetProperty("id").GetGuid();
    }
}
