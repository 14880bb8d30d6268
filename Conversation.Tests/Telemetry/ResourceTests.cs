using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Telemetry;

/// <summary>What a node calls itself, by OpenTelemetry's own variables.</summary>
[TestFixture]
internal sealed class ResourceTests
{
    private const string Attributes = "service.name=from-attributes,service.instance.id=node-7";

    [TestCase(null, null, "conversation")]
    [TestCase("named", null, "named")]
    [TestCase(null, Attributes, "from-attributes")]
    [TestCase("named", Attributes, "named")]
    public async Task Resource_NameAndAttributes_AreThoseOfTheEnvironment(string? name, string? attributes, string expected)
    {
        await using var api = await ApiProcess.StartAsync(new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_DATABASE_URL"] = await TestPostgres.NewDatabaseAsync(),
            ["OTEL_SERVICE_NAME"] = name,
            ["OTEL_RESOURCE_ATTRIBUTES"] = attributes,
        });

        var scrape = await PrometheusText.ScrapeAsync(api.Address);

        Assert.Multiple(() =>
        {
            Assert.That(scrape.Labels("target_info", "service_name"), Is.EqualTo(new[] { expected }));
            Assert.That(scrape.Labels("target_info", "service_instance_id").Single(), attributes is null ? Is.Not.Empty : Is.EqualTo("node-7"));
        });
    }
}
