using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Conversation.Tests.Infrastructure;

/// <summary>A span as it was exported; without a parent, or a link to another trace, those are empty.</summary>
internal sealed record ExportedSpan(
    string TraceId, string SpanId, string ParentId, string Name, ulong Start, ulong End, string LinkedTraceId);

/// <summary>A collector of OpenTelemetry's own protocol (OTLP over HTTP, protobuf), with everything that was sent to it.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _app;

    private OtlpCollector(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    public ConcurrentQueue<ExportedSpan> Spans { get; } = [];

    /// <summary>Every body, as it came, by its path.</summary>
    public ConcurrentQueue<(string Path, byte[] Body)> Bodies { get; } = [];

    public static async Task<OtlpCollector> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var collector = new OtlpCollector(builder.Build());
        collector._app.Run(collector.TakeAsync);
        await collector._app.StartAsync();
        return collector;
    }

    /// <summary>Waits until the spans that were sent satisfy the test.</summary>
    public async Task<List<ExportedSpan>> UntilAsync(Func<List<ExportedSpan>, bool> isEnough)
    {
        var patience = Patience.Token;
        while (true)
        {
            var spans = Spans.ToList();
            if (isEnough(spans))
            {
                return spans;
            }

            Assert.That(patience.IsCancellationRequested, Is.False, string.Join(", ", spans.Select(span => span.Name)));
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        Bodies.Enqueue((context.Request.Path, body.ToArray()));
        if (context.Request.Path == "/v1/traces")
        {
            foreach (var span in Protobuf.Fields(body.ToArray(), 1).SelectMany(resource => Protobuf.Fields(resource, 2)).SelectMany(scope => Protobuf.Fields(scope, 2)))
            {
                Spans.Enqueue(ToSpan(span));
            }
        }
    }

    /// <summary>opentelemetry/proto/trace/v1/trace.proto, message Span.</summary>
    private static ExportedSpan ToSpan(byte[] span) => new(
        Convert.ToHexStringLower(Protobuf.Fields(span, 1).Single()),
        Convert.ToHexStringLower(Protobuf.Fields(span, 2).Single()),
        Convert.ToHexStringLower(Protobuf.Fields(span, 4).SingleOrDefault() ?? []),
        System.Text.Encoding.UTF8.GetString(Protobuf.Fields(span, 5).Single()),
        BitConverter.ToUInt64(Protobuf.Fields(span, 7).Single()),
        BitConverter.ToUInt64(Protobuf.Fields(span, 8).Single()),
        Convert.ToHexStringLower(Protobuf.Fields(span, 13).Select(link => Protobuf.Fields(link, 1).Single()).SingleOrDefault() ?? []));
}
