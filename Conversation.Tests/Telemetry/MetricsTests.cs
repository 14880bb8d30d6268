using System.Text.Json;
using System.Text.RegularExpressions;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Telemetry;

/// <summary>A scrape of the real process, before and after everything that it measures has happened.</summary>
[TestFixture]
internal sealed partial class MetricsTests
{
    private static readonly string[] Moving =
    [
        "conversation_runs_started_total", "conversation_runs_ended_total", "conversation_runs_lease_losses_total",
        "conversation_runs_lease_expiries_total", "conversation_ranges_sent_total", "conversation_ranges_merged_total",
        "conversation_ranges_collapsed_total", "conversation_chunk_latency_seconds_count", "conversation_log_batch_size_count",
        "conversation_log_wait_seconds_count",
    ];

    private ApiProcess _api = null!;
    private ApiClient _client = null!;
    private string _database = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _database = await TestPostgres.NewDatabaseAsync();
        _api = await ApiProcess.StartAsync(new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_DATABASE_URL"] = _database,
            ["CONVERSATION_SERVICE_USER_JWT_SECRET_KEY"] = TestTokens.UserKey,
            ["CONVERSATION_SERVICE_SIMULATED_PACE_MS"] = "20",
        });
        _client = new ApiClient(_api.Address, TestTokens.User(Guid.CreateVersion7()));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _api.DisposeAsync();
    }

    [Test]
    public async Task Scrape_AfterEverythingHappened_EveryOwnMeterMoved()
    {
        var before = await PrometheusText.ScrapeAsync(_api.Address);
        await AnswerAsync();
        var conversation = await _client.CreateConversationAsync(ApiClient.Endless);
        await using (var socket = await LegacyClient.ConnectAsync(_client, conversation))
        {
            var run = (await _client.SayAsync(conversation, "Hello")).GetProperty("run_id").GetGuid();
            // A follower that comes late gets many steps in one range; one that begins at the start reads the log.
            await socket.UntilAsync("stream");
            await socket.UntilAsync("stream");
            await using var late = await LegacyClient.ConnectAsync(_client, conversation);
            await late.UntilAsync("stream");
            // An answer to a scrape is kept for a moment, and the one before may be it.
            await UntilAsync(scrape => scrape.Sum("conversation_followers", ("door", "legacy")) == 2
                && scrape.Sum("conversation_runs_active") == 1);
            await _client.CancelAsync(run);
            await socket.UntilAsync("complete");
        }

        await foreach (var frame in _client.FollowAsync(Door.Sse, conversation, position: null, Patience.Token))
        {
            if (LegacyClient.TypeOf(frame) == "run.cancelled")
            {
                break;
            }
        }

        await LoseALeaseAsync();
        await AbandonARunAsync();

        var after = await UntilAsync(scrape => scrape.Sum("conversation_runs_lease_expiries_total") > 0
            && scrape.Sum("conversation_runs_lease_losses_total") > 0
            && scrape.Sum("conversation_followers") == 0);
        Assert.Multiple(() =>
        {
            foreach (var meter in Moving)
            {
                Assert.That(after.Sum(meter), Is.GreaterThan(before.Sum(meter)), meter);
            }

            Assert.That(after.Labels("conversation_followers", "door"), Does.Contain("legacy").And.Contain("sse"));
            Assert.That(after.Types["conversation_chunk_latency_seconds"], Is.EqualTo("histogram"));
            Assert.That(after.Sum("conversation_runs_ended_total", ("status", "completed")), Is.GreaterThan(0));
        });
    }

    /// <summary>Prometheus sees a step from 0 to 1, and not the first value of a new series: an alarm hears of the first loss.</summary>
    [Test]
    public async Task Scrape_BeforeAnythingHappened_ShowsLossesAsNone()
    {
        await using var api = await ApiProcess.StartAsync(new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_DATABASE_URL"] = await TestPostgres.NewDatabaseAsync(),
        });

        var scrape = await PrometheusText.ScrapeAsync(api.Address);

        string[] losses = ["conversation_runs_lease_losses_total", "conversation_runs_lease_expiries_total"];
        Assert.That(losses.Select(name => scrape.Values(name)), Is.All.EqualTo(new[] { 0d }));
    }

    [Test]
    public async Task Scrape_ConversationDeletedDuringItsAnswer_IsNoLoss()
    {
        var before = await UntilAsync(scrape => scrape.Sum("conversation_runs_active") == 0);
        var conversation = await _client.CreateConversationAsync(ApiClient.Endless);
        await using var socket = await LegacyClient.ConnectAsync(_client, conversation);
        await _client.SayAsync(conversation, "Hello");
        await socket.UntilAsync("stream");
        using var deleted = await _client.Http.DeleteAsync($"{ApiClient.Root}/conversations/{conversation}");

        var after = await UntilAsync(scrape => scrape.Sum("conversation_runs_active") == 0
            && scrape.Sum("conversation_runs_started_total") > before.Sum("conversation_runs_started_total"));

        const string Losses = "conversation_runs_lease_losses_total";
        Assert.That(after.Sum("conversation_runs_active"), Is.Zero);
        Assert.That(after.Sum(Losses), Is.EqualTo(before.Sum(Losses)));
    }

    [Test]
    public async Task Scrape_QueuesAndTables_AreTold()
    {
        var conversation = await _client.CreateConversationAsync();
        await QueueARunAsync(conversation);

        var scrape = await UntilAsync(one => one.Sum("conversation_runs", ("status", "queued")) == 1
            && one.Sum("conversation_runs_queue_age_seconds") > 0);

        Assert.Multiple(() =>
        {
            Assert.That(scrape.Sum("conversation_table_size_bytes", ("table", "messages")), Is.GreaterThan(0));
            Assert.That(scrape.Labels("conversation_table_rows", "table").Count(), Is.EqualTo(6));
            Assert.That(scrape.Labels("conversation_runs", "status"), Is.EquivalentTo(new[] { "queued", "running", "cancelling" }));
            Assert.That(scrape.Types.Keys, Has.Some.StartsWith("http_server_request_duration"));
            Assert.That(scrape.Types.Keys, Has.Some.StartsWith("db_client_"));
            Assert.That(scrape.Types.Keys, Has.Some.StartsWith("kestrel_"));
        });
    }

    [Test]
    public async Task Scrape_AfterAHubConnection_TellsOfSignalR()
    {
        await using var hub = await HubClient.ConnectAsync(_client);

        var scrape = await UntilAsync(one => one.Types.Keys.Any(name => name.StartsWith("signalr_server_", StringComparison.Ordinal)));

        Assert.That(scrape.Sum("signalr_server_active_connections"), Is.EqualTo(1));
    }

    [Test]
    public async Task Dashboard_UsesOnlyWhatIsThere()
    {
        // A series of followers begins with the first one.
        await using (var follower = await LegacyClient.ConnectAsync(_client, await _client.CreateConversationAsync()))
        {
            await follower.NextAsync();
        }

        var dashboard = await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "docs", "grafana.json"));
        Assert.That(() => JsonDocument.Parse(dashboard), Throws.Nothing);
        var used = MetricName().Matches(dashboard).Select(match => match.Groups[1].Value).Distinct().ToList();
        var scrape = await UntilAsync(one => one.Types.ContainsKey("conversation_table_size_bytes"));

        Assert.Multiple(() =>
        {
            Assert.That(used, Has.Count.GreaterThan(8));
            Assert.That(used.Where(name => !Known(scrape, name)), Is.Empty);
        });
    }

    private static bool Known(PrometheusText scrape, string name) =>
        Moving.Contains(name) || scrape.Types.ContainsKey(name) || Moving.Contains(name.Replace("_bucket", "_count", StringComparison.Ordinal))
        || scrape.Types.ContainsKey(name.Replace("_count", "", StringComparison.Ordinal));

    private async Task AnswerAsync()
    {
        var conversation = await _client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(_client, conversation);
        await _client.SayAsync(conversation, "Hello");
        await socket.UntilAsync("complete");
    }

    /// <summary>Another node has taken the run: the fence no longer lets this one write.</summary>
    private async Task LoseALeaseAsync()
    {
        var conversation = await _client.CreateConversationAsync(ApiClient.Endless);
        await using var socket = await LegacyClient.ConnectAsync(_client, conversation);
        await _client.SayAsync(conversation, "Hello");
        await socket.UntilAsync("stream");
        await ExecuteAsync(
            "UPDATE runs SET attempt = attempt + 1, lease_owner = gen_random_uuid(), lease_until = now() + interval '1 second' WHERE conversation_id = $1",
            conversation);
    }

    /// <summary>A run whose node has died.</summary>
    private async Task AbandonARunAsync()
    {
        var conversation = await _client.CreateConversationAsync();
        await InsertRunAsync(conversation, "running");
    }

    /// <summary>One that waits behind a run of a node that lives.</summary>
    private async Task QueueARunAsync(Guid conversation)
    {
        await InsertRunAsync(conversation, "running", "1 hour");
        await InsertRunAsync(conversation, "queued");
    }

    private Task InsertRunAsync(Guid conversation, string status, string lease = "-1 second") => ExecuteAsync(
        $"""
        INSERT INTO runs (id, conversation_id, seq, trigger_message_id, runtime, status, attempt, lease_owner, lease_until, queued_at)
        VALUES (gen_random_uuid(), $1, 1, gen_random_uuid(), 'simulated', '{status}', 1, gen_random_uuid(), now() + interval '{lease}', now() - interval '1 minute')
        """,
        conversation);

    private async Task ExecuteAsync(string sql, Guid conversation)
    {
        await using var connection = new NpgsqlConnection(_database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = conversation } } };
        Assert.That(await command.ExecuteNonQueryAsync(Patience.Token), Is.EqualTo(1));
    }

    [GeneratedRegex(@"\b((?:conversation|http_server)_[a-z_]+)\b")]
    private static partial Regex MetricName();

    private async Task<PrometheusText> UntilAsync(Func<PrometheusText, bool> isEnough)
    {
        var patience = Patience.Token;
        while (true)
        {
            var scrape = await PrometheusText.ScrapeAsync(_api.Address);
            if (isEnough(scrape))
            {
                return scrape;
            }

            Assert.That(patience.IsCancellationRequested, Is.False, "No scrape showed what was waited for.");
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
        }
    }
}
