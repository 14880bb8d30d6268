using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Conversation.Tests.Faults;

/// <summary>PostgreSQL stops answering, or goes away and comes back, under writers and followers.</summary>
[TestFixture]
internal sealed class DatabaseFaultTests
{
    /// <summary>The event of a log writer whose connection was lost with a batch.</summary>
    private const int ConnectionLost = 101;

    /// <summary>No write takes as long as that where the database answers.</summary>
    private static readonly TimeSpan Felt = TimeSpan.FromSeconds(4);

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
        using var log = new LogRecorder();
        await using var host = await ApiHost.StartAsync(
            connectionString: _postgres.ConnectionString, services: services => services.AddSingleton<ILoggerProvider>(log));
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var follower = await V2Socket.ConnectAsync(client, conversation, position: null);
        using var over = new CancellationTokenSource();
        var told = new ConcurrentBag<(int Status, TimeSpan Took)>();
        var writers = Enumerable.Range(0, 4).Select(writer => WriteAsync(client, conversation, writer, told, over.Token)).ToArray();

        await SomeMoreAsync(told);
        await fault();
        // Some more, so that it is seen to go on.
        await SomeMoreAsync(told);
        var refused = told.Count(one => one.Status == 503);
        var longest = told.Max(one => one.Took);
        await over.CancelAsync();
        var sent = (await Task.WhenAll(writers)).SelectMany(one => one).ToList();

        var stored = (await client.MessagesAsync(conversation)).Select(message => message.GetProperty("content").GetString()!).ToList();
        var reader = new V2Reader();
        for (var patience = Patience.Token; reader.Seq < stored.Count;)
        {
            reader.Apply((await follower.NextAsync(patience))!.Value);
        }

        Assert.Multiple(() =>
        {
            Assert.That(stored, Is.EquivalentTo(sent), "Each once: what was told to be stored, and nothing else.");
            Assert.That(
                refused > 0 || longest > Felt || log.Lines.Any(line => line.EventId == ConnectionLost),
                "Nobody felt the fault: the test proves nothing.");
            Assert.That(told.Select(one => one.Status).Distinct(), Is.SubsetOf(new[] { 201, 503 }));
            Assert.That(reader.Messages, Has.Count.EqualTo(stored.Count));
        });
        await TestContext.Out.WriteLineAsync($"{sent.Count} stored, {refused} told 503, the longest took {longest.TotalSeconds:F1} s.");
    }

    private static async Task SomeMoreAsync(ConcurrentBag<(int Status, TimeSpan Took)> told)
    {
        var before = told.Count(one => one.Status == 201);
        for (var patience = Patience.Token; told.Count(one => one.Status == 201) < before + 20; patience.ThrowIfCancellationRequested())
        {
            await Task.Yield();
        }
    }

    private static async Task<List<string>> WriteAsync(
        ApiClient client, Guid conversation, int writer, ConcurrentBag<(int Status, TimeSpan Took)> told, CancellationToken over)
    {
        var sent = new List<string>();
        for (var i = 0; !over.IsCancellationRequested; i++)
        {
            var content = string.Create(CultureInfo.InvariantCulture, $"{writer}.{i}");
            int status;
            do
            {
                var clock = Stopwatch.StartNew();
                using var response = await client.Http.PostAsJsonAsync(
                    $"{ApiClient.Root}/conversations/{conversation}/messages",
                    new { role = "system", content, client_message_id = content },
                    CancellationToken.None);
                status = (int)response.StatusCode;
                told.Add((status, clock.Elapsed));
                Assert.That(status == 503, Is.EqualTo(response.Headers.RetryAfter is not null));
            }
            while (status == 503);

            sent.Add(content);
        }

        return sent;
    }
}
