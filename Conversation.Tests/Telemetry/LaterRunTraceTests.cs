using System.Net.Http.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace Conversation.Tests.Telemetry;

/// <summary>Runs that begin after their request was answered, or go on where another node began, stay in the trace of that request.</summary>
[TestFixture]
internal sealed class LaterRunTraceTests
{
    private const string Sent = "0af7651916cd43dd8448eb211c80319c";
    private const string Repeated = "1bf7651916cd43dd8448eb211c80319d";

    private OtlpCollector _collector = null!;

    [SetUp]
    public async Task StartCollectorAsync() => _collector = await OtlpCollector.StartAsync();

    [TearDown]
    public async Task StopCollectorAsync() => await _collector.DisposeAsync();

    [Test]
    public async Task Run_ThatWaitedInTheQueue_IsInTheTraceOfItsPost()
    {
        await using var api = await ApiProcess.StartAsync(new Dictionary<string, string?>(Exporting())
        {
            ["CONVERSATION_SERVICE_DATABASE_URL"] = await TestPostgres.NewDatabaseAsync(),
            ["CONVERSATION_SERVICE_USER_JWT_SECRET_KEY"] = TestTokens.UserKey,
        });
        using var client = new ApiClient(api.Address, TestTokens.User(Guid.CreateVersion7()));
        var conversation = await client.CreateConversationAsync(new { metadata_json = new { agent = "words=2" } });
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        var answered = await client.SayAsync(conversation, "Answered");
        await socket.UntilAsync("complete");
        await SetAgentAsync(client, conversation, ApiClient.EndlessAgent);
        var holding = (await client.SayAsync(conversation, "Holds the others up")).GetProperty("run_id").GetGuid();
        await socket.UntilAsync("stream");
        await SetAgentAsync(client, conversation, "words=2");

        SetTrace(client, Sent);
        await client.SayAsync(conversation, "Waits");
        SetTrace(client, Repeated);
        using var repeat = await client.Http.PostAsJsonAsync(
            $"{ApiClient.Root}/conversations/{conversation}/runs", new { message_id = answered.GetProperty("id").GetGuid() });
        var waiting = await ApiClient.ReadAsync(repeat, 202);
        Assert.That(waiting.GetProperty("status").GetString(), Is.EqualTo("queued"));
        client.Http.DefaultRequestHeaders.Remove("traceparent");
        await client.CancelAsync(holding);
        var spans = await _collector.UntilAsync(all => Runs(all, Sent).Count > 0 && Runs(all, Repeated).Count > 0);

        var append = spans.Single(span => span.TraceId == Sent && span.Name == "message.append");
        var post = spans.Single(span => span.TraceId == Repeated && span.Name.StartsWith("POST", StringComparison.Ordinal));
        var (run, again) = (Runs(spans, Sent).Single(), Runs(spans, Repeated).Single());
        string[] names = ["invoke_agent", "run.end"];
        Assert.Multiple(() =>
        {
            Assert.That((run.ParentId, again.ParentId), Is.EqualTo((append.SpanId, post.SpanId)));
            Assert.That(run.Start, Is.GreaterThan(append.End), "It waited.");
            Assert.That(again.Start, Is.GreaterThan(run.End));
            Assert.That(names, Is.All.Matches<string>(name =>
                spans.Any(span => span.TraceId == Sent && span.Name == name) && spans.Any(span => span.TraceId == Repeated && span.Name == name)));
        });
    }

    [Test]
    public async Task Run_TakenOverByAnotherNode_IsInTheTraceOfItsPost()
    {
        await using var nodes = await TwoNodes.StartAsync(new(Exporting()) { ["CONVERSATION_SERVICE_DRAIN_SECONDS"] = "1" });
        using var first = nodes.Client(0);
        using var second = nodes.Client(1);
        var conversation = await first.CreateConversationAsync(new { metadata_json = new { agent = $"{ApiClient.EndlessAgent}&resumes=true" } });
        await using var socket = await LegacyClient.ConnectAsync(second, conversation);

        SetTrace(first, Sent);
        var begun = (await first.SayAsync(conversation, "Hello")).GetProperty("run_id").GetGuid();
        await socket.UntilAsync("stream");
        await nodes.Nodes[0].StopAsync();
        // It has been handed over by now, or is soon taken from the node that is gone.
        for (var patience = Patience.Token; (await second.GetAsync($"/runs/{begun}")).GetProperty("attempt").GetInt32() < 2;)
        {
            patience.ThrowIfCancellationRequested();
        }

        await second.CancelAsync(begun);
        var spans = await _collector.UntilAsync(all => Runs(all, Sent).Count > 1);

        var append = spans.Single(span => span.TraceId == Sent && span.Name == "message.append");
        Assert.Multiple(() =>
        {
            Assert.That(Runs(spans, Sent).Select(run => run.ParentId), Is.EqualTo(new[] { append.SpanId, append.SpanId }), "Begun, and gone on with.");
            Assert.That(spans.Count(span => span.TraceId == Sent && span.Name == "run.end"), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Run_WithAStoredTraceThatIsNone_IsAnsweredAllTheSame()
    {
        var runtime = new ScriptedRuntime();
        await using var host = await ApiHost.StartAsync(services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(runtime));
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        await client.SayAsync(conversation, "Holds the other up");
        var holding = await runtime.NextRunAsync();
        await client.SayAsync(conversation, "Waits");

        await using (var connection = new NpgsqlConnection(host.ConnectionString))
        {
            await connection.OpenAsync(Patience.Token);
            await using var spoil = new NpgsqlCommand("UPDATE runs SET traceparent = repeat('?', 55) WHERE status = 'queued'", connection);
            Assert.That(await spoil.ExecuteNonQueryAsync(Patience.Token), Is.EqualTo(1));
        }

        holding.End();
        await socket.UntilAsync("complete");
        (await runtime.NextRunAsync()).End();
        await socket.UntilAsync("complete");
        var runs = (await client.GetAsync($"/conversations/{conversation}/runs")).EnumerateArray();
        Assert.That(runs.Select(run => run.GetProperty("status").GetString()), Is.EqualTo(new[] { "completed", "completed" }));
    }

    private static List<ExportedSpan> Runs(List<ExportedSpan> spans, string trace) =>
        [.. spans.Where(span => span.TraceId == trace && span.Name == "run")];

    private static async Task SetAgentAsync(ApiClient client, Guid conversation, string agent)
    {
        using var response = await client.Http.PatchAsJsonAsync($"{ApiClient.Root}/conversations/{conversation}", new { metadata_json = new { agent } });
        await ApiClient.ReadAsync(response, 200);
    }

    private static void SetTrace(ApiClient client, string trace)
    {
        client.Http.DefaultRequestHeaders.Remove("traceparent");
        client.Http.DefaultRequestHeaders.Add("traceparent", $"00-{trace}-b7ad6b7169203331-01");
    }

    private Dictionary<string, string?> Exporting() => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _collector.Address.ToString(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
    };
}
