using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Faults;

/// <summary>PostgreSQL stops answering, or goes away and comes back, under writers and followers.</summary>
[TestFixture]
internal sealed class DatabaseFaultTests
{
    private PrivatePostgres _postgres = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _postgres = await PrivatePostgres.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _postgres.DisposeAsync();

    [Test]
    public Task Postgres_PausedForFiveSeconds_LosesNothing() => SurvivesAsync(() => _postgres.PauseAsync(TimeSpan.FromSeconds(5)));

    [Test]
    public Task Postgres_Restarted_LosesNothing() => SurvivesAsync(_postgres.RestartAsync);

    /// <summary>Writers that repeat what was refused with its key, and a follower, through a fault and on.</summary>
    private async Task SurvivesAsync(Func<Task> fault)
    {
        await using var host = await ApiHost.StartAsync(connectionString: _postgres.ConnectionString);
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var follower = await V2Socket.ConnectAsync(client, conversation, position: null);
        using var over = new CancellationTokenSource();
        var told = new ConcurrentBag<int>();
        var writers = Enumerable.Range(0, 4).Select(writer => WriteAsync(client, conversation, writer, told, over.Token)).ToArray();

        await fault();
        var refused = told.Count(status => status == 503);
        // Some more, so that it is seen to go on.
        var before = told.Count(status => status == 201);
        while (told.Count(status => status == 201) < before + 20)
        {
            await Task.Yield();
        }

        await over.CancelAsync();
        var sent = (await Task.WhenAll(writers)).SelectMany(one => one).ToList();

        var stored = (await client.MessagesAsync(conversation)).Select(message => message.GetProperty("content").GetString()!).ToList();
        var reader = new V2Reader();
        while (reader.Seq < stored.Count)
        {
            reader.Apply((await follower.NextAsync())!.Value);
        }

        Assert.Multiple(() =>
        {
            Assert.That(stored, Is.EquivalentTo(sent), "Each once: what was told to be stored, and nothing else.");
            Assert.That(told.Distinct(), Is.SubsetOf(new[] { 201, 503 }));
            Assert.That(reader.Messages, Has.Count.EqualTo(stored.Count));
        });
        await TestContext.Out.WriteLineAsync($"{sent.Count} stored, {refused} told 503 during the fault.");
    }

    private static async Task<List<string>> WriteAsync(
        ApiClient client, Guid conversation, int writer, ConcurrentBag<int> told, CancellationToken over)
    {
        var sent = new List<string>();
        for (var i = 0; !over.IsCancellationRequested; i++)
        {
            var content = string.Create(CultureInfo.InvariantCulture, $"{writer}.{i}");
            int status;
            do
            {
                using var response = await client.Http.PostAsJsonAsync(
                    $"{ApiClient.Root}/conversations/{conversation}/messages",
                    new { role = "system", content, client_message_id = content },
                    CancellationToken.None);
                status = (int)response.StatusCode;
                told.Add(status);
                Assert.That(status == 503, Is.EqualTo(response.Headers.RetryAfter is not null));
            }
            while (status == 503);

            sent.Add(content);
        }

        return sent;
    }
}
