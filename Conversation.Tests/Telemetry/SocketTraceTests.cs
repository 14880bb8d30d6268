using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Telemetry;

/// <summary>A socket lives for days: what is sent on it is not all one trace.</summary>
[TestFixture]
internal sealed class SocketTraceTests
{
    [Test]
    public async Task Messages_OfOneSocket_AreATraceEachLinkedToTheSocket()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var api = await ApiProcess.StartAsync(new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_DATABASE_URL"] = await TestPostgres.NewDatabaseAsync(),
            ["CONVERSATION_SERVICE_USER_JWT_SECRET_KEY"] = TestTokens.UserKey,
            ["CONVERSATION_SERVICE_SIMULATED_PACE_MS"] = "1",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address.ToString(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        });
        using var client = new ApiClient(api.Address, TestTokens.User(Guid.CreateVersion7()));
        await using (var socket = await V2Socket.ConnectAsync(client, await client.CreateConversationAsync(), position: null))
        {
            foreach (var id in (string[])["first", "second"])
            {
                await socket.SendAsync(new { type = "send", id, message = new { role = "user", content = "Hello" } });
                await socket.UntilAsync(frame => LegacyClient.TypeOf(frame) == "run.completed");
            }
        }

        await api.StopAsync();
        var spans = collector.Spans.ToList();

        var upgrade = spans.Single(span => span.Name.StartsWith("GET", StringComparison.Ordinal) && span.Name.Contains("/ws/"));
        var sends = spans.Where(span => span.Name == "socket.send").ToList();
        Assert.Multiple(() =>
        {
            Assert.That(sends.Select(span => span.TraceId).Distinct().Except([upgrade.TraceId]).ToList(), Has.Count.EqualTo(2));
            Assert.That(sends.Select(span => span.ParentId), Is.All.Empty);
            Assert.That(sends.Select(span => span.LinkedTraceId), Is.All.EqualTo(upgrade.TraceId));
            foreach (var name in (string[])["message.append", "run", "run.end"])
            {
                Assert.That(
                    spans.Where(span => span.Name == name).Select(span => span.TraceId), Is.EquivalentTo(sends.Select(span => span.TraceId)), name);
            }

            Assert.That(spans.Where(span => span.TraceId == upgrade.TraceId).Max(span => span.End), Is.EqualTo(upgrade.End), "Nothing outlives it.");
        });
    }
}
