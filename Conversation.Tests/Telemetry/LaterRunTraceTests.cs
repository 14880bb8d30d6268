using System.Net.Http.Json;
using Conversation.Tests.Infrastructure;
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
        var conversation = await client.CreateConversationAsync(new { metadata_json = new { agent = "words=40&pace_ms=50" } });
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        var answered = await client.SayAsync(conversation, "Answered");
        await socket.UntilAsync("complete");
        await client.SayAsync(conversation, "Holds the others up");

        SetTrace(client, Sent);
        await client.SayAsync(conversation, "Waits");
        SetTrace(client, Repeated);
        using var repeat = await client.Http.PostAsJsonAsync(
            $"{ApiClient.Root}/conversations/{conversation}/runs", new { message_id = answered.GetProperty("id").GetGuid() });
        var waiting = await ApiClient.ReadAsync(repeat, 202);
        Assert.That(waiting.GetProperty("status").GetString(), Is.EqualTo("queued"));
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
        var conversation = await first.CreateConversationAsync(new { metadata_json = new { agent = "words=600&pace_ms=5&resumes=true" } });
        await using var socket = await LegacyClient.ConnectAsync(second, conversation);

        SetTrace(first, Sent);
        await first.SayAsync(conversation, "Hello");
        await socket.UntilAsync("stream");
        await nodes.Nodes[0].StopAsync();
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
        await using var host = await ApiHost.StartAsync();
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync(new { metadata_json = new { agent = "words=20&pace_ms=50" } });
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        await client.SayAsync(conversation, "Holds the other up");
        await client.SayAsync(conversation, "Waits");

        await using (var connection = new NpgsqlConnection(host.ConnectionString))
        {
            await connection.OpenAsync(Patience.Token);
            await using var spoil = new NpgsqlCommand("UPDATE runs SET traceparent = repeat('?', 55) WHERE status = 'queued'", connection);
            Assert.That(await spoil.ExecuteNonQueryAsync(Patience.Token), Is.EqualTo(1));
        }

        await socket.UntilAsync("complete");
        await socket.UntilAsync("complete");
        var runs = (await client.GetAsync($"/conversations/{conversation}/runs")).EnumerateArray();
        Assert.That(runs.Select(run => run.GetProperty("status").GetString()), Is.EqualTo(new[] { "completed", "completed" }));
    }

    private static List<ExportedSpan> Runs(List<ExportedSpan> spans, string trace) =>
        [.. spans.Where(span => span.TraceId == trace && span.Name == "run")];

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
