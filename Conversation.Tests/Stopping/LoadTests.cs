using System.Net;
using System.Net.Http.Json;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Stopping;

/// <summary>SIGTERM in the middle of a load: what was answered with 201 is stored, once, and every run comes to its end.</summary>
[TestFixture]
internal sealed class LoadTests
{
    [Test]
    public async Task Stop_UnderLoad_LosesNothingThatWasAccepted()
    {
        var environment = new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_DATABASE_URL"] = await TestPostgres.NewDatabaseAsync(),
            ["CONVERSATION_SERVICE_USER_JWT_SECRET_KEY"] = TestTokens.UserKey,
            ["CONVERSATION_SERVICE_SIMULATED_PACE_MS"] = "1",
        };
        await using var api = await ApiProcess.StartAsync(environment);
        using var client = new ApiClient(api.Address, TestTokens.User(Guid.CreateVersion7()));
        var warm = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writers = Enumerable.Range(0, 16).Select(_ => WriteAsync(client, warm)).ToArray();
        await warm.Task.OrTimeout();

        await api.StopAsync();
        var accepted = (await Task.WhenAll(writers).OrTimeout()).SelectMany(ids => ids).ToHashSet();

        Assert.That(api.Process.ExitCode, Is.Zero);
        Assert.That(accepted, Is.Not.Empty);
        Assert.That(await CountAsync(environment, "SELECT count(*) FROM messages WHERE id = ANY($1)", [.. accepted]), Is.EqualTo(accepted.Count));
        await using var next = await ApiProcess.StartAsync(environment);
        var patience = Patience.Token;
        while (await CountAsync(environment, "SELECT count(*) FROM runs WHERE finished_at IS NULL AND $1::uuid[] IS NOT NULL", []) > 0)
        {
            Assert.That(patience.IsCancellationRequested, Is.False, "A run was left behind.");
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
        }

        Assert.That(
            await CountAsync(environment, "SELECT count(*) FROM messages WHERE status = 'streaming' AND $1::uuid[] IS NOT NULL", []), Is.Zero);
        await TestContext.Out.WriteLineAsync($"{accepted.Count} messages were accepted before the end.");
    }

    /// <returns>The ids that were answered with 201, until the service is gone.</returns>
    private static async Task<List<Guid>> WriteAsync(ApiClient client, TaskCompletionSource warm)
    {
        var conversation = await client.CreateConversationAsync();
        var accepted = new List<Guid>();
        while (true)
        {
            try
            {
                using var response = await client.Http.PostAsJsonAsync(
                    $"{ApiClient.Root}/conversations/{conversation}/messages", new { role = "user", content = "Hello", run = accepted.Count % 10 == 0 });
                if (response.StatusCode != HttpStatusCode.Created)
                {
                    Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
                    continue;
                }

                accepted.Add((await ApiClient.ReadAsync(response, 201)).GetProperty("id").GetGuid());
                if (accepted.Count == 40)
                {
                    warm.TrySetResult();
                }
            }
            catch (Exception error) when (error is HttpRequestException or IOException)
            {
                return accepted;
            }
        }
    }

    private static async Task<long> CountAsync(Dictionary<string, string?> environment, string sql, Guid[] ids)
    {
        await using var connection = new NpgsqlConnection(environment["CONVERSATION_SERVICE_DATABASE_URL"]);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new NpgsqlParameter<Guid[]> { TypedValue = ids } } };
        return (long)(await command.ExecuteScalarAsync(Patience.Token))!;
    }
}
