using System.Net.Http.Json;
using Conversation.Api.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.AgentRuns;

/// <summary>As many runs wait as may: what is new is refused, and what was stored before is still known.</summary>
[TestFixture]
internal sealed class FullQueueTests : RunFixture
{
    private Guid _full;

    [OneTimeSetUp]
    public async Task FillAsync()
    {
        _full = await Client.CreateConversationAsync();
        await StoredAsync("runs");
        await Runtime.NextRunAsync();
        await StoredAsync("waits");
    }

    [Test]
    public async Task Send_OfWhatIsStored_IsAnsweredAsBefore()
    {
        using var again = await PostAsync("waits", "waits");
        using var other = await PostAsync("waits", "Something else");

        await ApiClient.ReadAsync(again, 201);
        Assert.That(again.Headers.Contains("Idempotency-Replayed"));
        await ApiClient.ReadAsync(other, 409);
    }

    [TestCase("new")]
    [TestCase(null)]
    public async Task Send_OfWhatIsNew_IsRefusedAndNotStored(string? key)
    {
        using var refused = await PostAsync(key, "new");

        var problem = await ApiClient.ReadAsync(refused, 429);
        Assert.That(problem.GetProperty("detail").GetString(), Does.Contain("nothing was stored"));
        Assert.That((await Client.MessagesAsync(_full)).Select(message => message.GetProperty("content").GetString()), Has.None.EqualTo("new"));
    }

    [Test]
    public async Task Send_ThatAsksForNoRun_IsStored() =>
        Assert.That((await Client.SendAsync(ConversationId, new { role = "user", content = "noted", run = false })).GetProperty("seq").GetInt64(), Is.Positive);

    protected override void Configure(IServiceCollection services) =>
        services.Replace(ServiceDescriptor.Singleton(new RunOptions { Concurrency = 1, QueueDepth = 1 }));

    private async Task StoredAsync(string key)
    {
        using var stored = await PostAsync(key, key);
        await ApiClient.ReadAsync(stored, 201);
    }

    private async Task<HttpResponseMessage> PostAsync(string? key, string content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{ApiClient.Root}/conversations/{_full}/messages")
        {
            Content = JsonContent.Create(new { role = "user", content }),
        };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return await Client.Http.SendAsync(request);
    }
}
