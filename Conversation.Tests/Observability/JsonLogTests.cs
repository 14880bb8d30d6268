using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Observability;

/// <summary>What log lines look like in production, and elsewhere.</summary>
[TestFixture]
internal sealed class JsonLogTests
{
    [Test]
    public async Task Production_EveryLine_IsAnObjectWithTheLegacyKeys()
    {
        var output = await RunAsync("production");
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line)).ToList();
        var request = lines.Single(line => line.GetProperty("message").GetString()!.Contains("answered"));

        Assert.Multiple(() =>
        {
            foreach (var line in lines)
            {
                Assert.That(
                    line.EnumerateObject().Select(property => property.Name),
                    Is.SupersetOf(new[] { "timestamp", "level", "logger", "message", "environment" }));
                Assert.That(line.GetProperty("timestamp").GetDateTimeOffset().Offset, Is.EqualTo(TimeSpan.Zero));
            }

            Assert.That(request.GetProperty("request_id").GetString(), Is.EqualTo("my-request-7"));
            Assert.That(request.GetProperty("environment").GetString(), Is.EqualTo("production"));
            Assert.That(request.GetProperty("level").GetString(), Is.EqualTo("INFO"));
            Assert.That(request.GetProperty("values").GetProperty("status").GetString(), Is.EqualTo("200"));
        });
    }

    [Test]
    public async Task Development_Lines_AreForPeople()
    {
        var output = await RunAsync("development");
        Assert.That(output, Does.Contain("GET /api/v1/health answered 200").And.Not.Contain("{\"timestamp\""));
    }

    private static async Task<string> RunAsync(string environment)
    {
        var api = await ApiProcess.StartAsync(new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_ENVIRONMENT"] = environment,
            ["CONVERSATION_SERVICE_DATABASE_URL"] = await TestPostgres.NewDatabaseAsync(),
            ["CONVERSATION_SERVICE_USER_JWT_SECRET_KEY"] = TestTokens.UserKey,
            ["CONVERSATION_SERVICE_M2M_JWT_SECRET_KEY"] = TestTokens.M2mKey,
        });
        using var client = new ApiClient(api.Address, token: null);
        client.Http.DefaultRequestHeaders.Add("X-Request-ID", "my-request-7");
        await client.GetAsync("/health");
        await api.StopAsync();
        return api.Output;
    }
}
