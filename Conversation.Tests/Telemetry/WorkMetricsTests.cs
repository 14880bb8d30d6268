using Conversation.Api.Housekeeping;
using Conversation.Tests.Infrastructure;
using Conversation.Tests.Langflow;
using Microsoft.Extensions.DependencyInjection;

namespace Conversation.Tests.Telemetry;

/// <summary>What a scrape tells of work that a service does by itself, or asks of others.</summary>
[TestFixture]
internal sealed class WorkMetricsTests
{
    [Test]
    public async Task Scrape_AfterADeletedConversationWasTidiedUp_CountsItsRows()
    {
        await using var host = await ApiHost.StartAsync(
            settings => settings with { DeletedHours = 0 },
            services => services.AddSingleton(new HousekeepingOptions { DeletedHours = 0, Interval = TimeSpan.FromMilliseconds(100) }));
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await client.SendAsync(conversation, new { role = "system", content = "Hello" });
        using var deleted = await client.Http.DeleteAsync($"{ApiClient.Root}/conversations/{conversation}");

        await UntilAsync(host.Address, scrape => scrape.Sum("conversation_housekeeping_deleted_total", ("what", "deleted")) > 0);
    }

    [Test]
    public async Task Scrape_AfterAnotherServiceWasAsked_TellsOfTheRequests()
    {
        await using var langflow = await FakeLangflow.StartAsync(LangflowProfile.V1Dot8);
        await using var host = await ApiHost.StartAsync(settings => settings with { LangflowRuntimeUrl = langflow.Address });
        using var client = host.AsUser();
        await client.SayAsync(await client.CreateConversationAsync(), "Hello");

        await UntilAsync(host.Address, scrape => scrape.Sum("http_client_request_duration_seconds_count") > 0);
    }

    private static async Task UntilAsync(Uri address, Func<PrometheusText, bool> isEnough)
    {
        var patience = Patience.Token;
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        while (!isEnough(await PrometheusText.ScrapeAsync(address)))
        {
            await beat.WaitForNextTickAsync(patience);
        }
    }
}
