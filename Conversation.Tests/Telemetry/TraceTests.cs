using System.Text;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Conversation.Tests.Telemetry;

/// <summary>What a collector is sent of one message's way, and what it is not.</summary>
[TestFixture]
internal sealed class TraceTests
{
    private const string Canary = "canary-7f3a9";
    private const string Caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";

    [Test]
    public async Task Message_FromPostToFinalCommit_IsOneTraceInOrder()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var api = await StartAsync(collector);
        using var client = new ApiClient(api.Address, TestTokens.User(Guid.CreateVersion7()));
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation, tokenInQuery: true);

        client.Http.DefaultRequestHeaders.Add("traceparent", Caller);
        await client.SayAsync(conversation, $"Hello {Canary}");
        await socket.UntilAsync("complete");
        await socket.DisposeAsync();
        var spans = await collector.UntilAsync(all => all.Any(span => span.TraceId == TraceId && span.Name.StartsWith("POST", StringComparison.Ordinal))
            && all.Any(span => span.TraceId == TraceId && span.Name == "run"));
        await api.StopAsync();
        spans = [.. collector.Spans];

        var own = spans.Where(span => span.TraceId == TraceId).OrderBy(span => span.Start).ToList();
        string[] chain = ["POST", "message.append", "run", "invoke_agent"];
        var steps = chain.Select(name => own.First(span => span.Name.StartsWith(name, StringComparison.Ordinal))).ToList();
        var end = own.Single(span => span.Name == "run.end");
        Assert.Multiple(() =>
        {
            Assert.That(steps[0].ParentId, Is.EqualTo("b7ad6b7169203331"));
            Assert.That(steps.Skip(1).Select(span => span.ParentId), Is.EqualTo(steps.SkipLast(1).Select(span => span.SpanId)));
            Assert.That(end.ParentId, Is.EqualTo(steps[^1].SpanId));
            Assert.That(steps.Append(end).Select(span => span.Start), Is.Ordered);
            Assert.That(own.Count(span => span.Name == "run.step"), Is.EqualTo(1), "The answer's start.");
            Assert.That(end.End, Is.LessThanOrEqualTo(steps[2].End));
        });
    }

    [Test]
    public async Task Export_NeverHolds_ContentOrTokens()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var api = await StartAsync(collector);
        using var client = new ApiClient(api.Address, TestTokens.User(Guid.CreateVersion7()));
        var conversation = await client.CreateConversationAsync(new { title = $"Title {Canary}" });
        await using (var socket = await LegacyClient.ConnectAsync(client, conversation, tokenInQuery: true))
        {
            await client.SendAsync(conversation, new { role = "user", content = Canary, metadata_json = new { secret = Canary } });
            await socket.UntilAsync("complete");
        }

        using var refused = await client.Http.GetAsync($"{ApiClient.Root}/conversations/{Canary}x?token={client.Token}");
        await api.StopAsync();

        var sent = collector.Bodies.ToArray();
        string[] secrets = [$"Title {Canary}", $"“{Canary}”", client.Token!, client.Token!.Split('.')[2], TestTokens.UserKey, "Password="];
        Assert.Multiple(() =>
        {
            Assert.That(sent.Select(body => body.Path).Distinct(), Is.EquivalentTo(new[] { "/v1/traces", "/v1/metrics", "/v1/logs" }));
            foreach (var secret in secrets)
            {
                Assert.That(sent.Where(body => Contains(body.Body, secret)).Select(body => body.Path), Is.Empty, secret);
            }

            Assert.That(sent.Any(body => Contains(body.Body, conversation.ToString())), "The look itself finds what is there.");
        });
    }

    [TestCase("01")]
    [TestCase("00")]
    public async Task Traceparent_WithoutACollector_StillReachesTheRuntime(string flags)
    {
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await StartUpstreamAsync(request => seen.TrySetResult(request.Headers.TraceParent.ToString()));
        await using var host = await ApiHost.StartAsync(services: services =>
            services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(new CallingRuntime(new Uri(upstream.Urls.First()))));
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();

        client.Http.DefaultRequestHeaders.Add("traceparent", Caller[..^2] + flags);
        await client.SayAsync(conversation, "Hello");

        Assert.That(await seen.Task.OrTimeout(), Does.StartWith($"00-{TraceId}-").And.EndsWith($"-{flags}").And.Not.EqualTo(Caller));
    }

    private static bool Contains(byte[] body, string text) => body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;

    private static async Task<ApiProcess> StartAsync(OtlpCollector collector) => await ApiProcess.StartAsync(new Dictionary<string, string?>
    {
        ["CONVERSATION_SERVICE_DATABASE_URL"] = await TestPostgres.NewDatabaseAsync(),
        ["CONVERSATION_SERVICE_USER_JWT_SECRET_KEY"] = TestTokens.UserKey,
        ["CONVERSATION_SERVICE_SIMULATED_PACE_MS"] = "1",
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address.ToString(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
    });

    private static async Task<WebApplication> StartUpstreamAsync(Action<HttpRequest> look)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(context =>
        {
            look(context.Request);
            return Task.CompletedTask;
        });
        await app.StartAsync();
        return app;
    }

    /// <summary>A runtime that asks somebody by HTTP.</summary>
    private sealed class CallingRuntime(Uri address) : IAgentRuntime
    {
        public string Name => SimulatedRuntime.RuntimeName;

        public AgentCapabilities Capabilities { get; } = new(Data.Runs.CancelOutcome.Unsupported, Resumes: false);

        public async IAsyncEnumerable<AgentOutput> RunAsync(
            AgentContext context, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token)
        {
            using var http = new HttpClient();
            yield return new TextDelta(await http.GetStringAsync(address, token) + "done");
            yield return new AnswerEnd("stop");
        }
    }
}
