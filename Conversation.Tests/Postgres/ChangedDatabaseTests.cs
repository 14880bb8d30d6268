using System.Net.Http.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Migrations.Runner;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Postgres;

/// <summary>
/// A database that answers, but not as it did when the service started: it says so with 503 for as long as that lasts, and goes on
/// afterwards with nothing restarted.
/// </summary>
[TestFixture]
internal sealed class ChangedDatabaseTests
{
    private const string Role = "changing";
    private const string Password = "first-password";

    [Test]
    public async Task Tables_Gone_AreSaidByReadinessUntilTheyAreBack()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await using var api = await StartAsync(database);
        using var client = new ApiClient(api.Address, TestTokens.User(Guid.CreateVersion7()));
        await client.GetAsync("/health/ready");

        await ExecuteAsync(database, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
        await api.SaidAsync("Queued runs cannot be looked for at the moment.");
        var ready = await client.GetAsync("/health/ready", 503);
        using var refused = await SendAsync(client, Guid.CreateVersion7());
        await new SchemaMigrator(database, _ => { }).UpgradeAsync(Patience.Token);

        await client.GetAsync("/health/ready");
        var conversation = await client.CreateConversationAsync();
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        await client.SayAsync(conversation, "Hello");
        await socket.UntilAsync("complete");
        Assert.Multiple(() =>
        {
            Assert.That(ready.GetProperty("detail").GetString(), Does.Contain("no schema"));
            Assert.That((int)refused.StatusCode, Is.EqualTo(503));
        });
    }

    [Test]
    public async Task Database_ReadOnlyForAWhile_ServesReadsAndCostsNoRun()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        var name = new NpgsqlConnectionStringBuilder(database).Database;
        var server = TestPostgres.ConnectionTo("postgres");
        // Longer than a lease: it must be renewed after the fault, and before the run is ended as one that nobody works on.
        await using var scene = await BeginAsync(database, words: 1500);

        await ExecuteAsync(server, $"ALTER DATABASE {name} SET default_transaction_read_only = on");
        await ExecuteAsync(server, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        await scene.Api.SaidAsync("answers wait, because the database does not answer.");
        await ExpiredAsync(database);
        using var refused = await SendAsync(scene.Client, scene.Conversation);
        await UntilAsync(200, () => scene.Client.Http.GetAsync($"{ApiClient.Root}/conversations/{scene.Conversation}"));
        await ExecuteAsync(server, $"ALTER DATABASE {name} RESET default_transaction_read_only");

        Assert.That((int)refused.StatusCode, Is.EqualTo(503));
        await scene.GoesOnAsync();
    }

    [Test]
    public async Task Password_ChangedForAWhile_Answers503AndCostsNoRun()
    {
        var database = await TestPostgres.NewDatabaseAsync();
        await ExecuteAsync(database, $"CREATE ROLE {Role} LOGIN SUPERUSER PASSWORD '{Password}'");
        await using var scene = await BeginAsync(
            new NpgsqlConnectionStringBuilder(database) { Username = Role, Password = Password }.ConnectionString, words: 300);

        await ExecuteAsync(database, $"ALTER ROLE {Role} PASSWORD 'another-password'");
        await ExecuteAsync(database, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{Role}'");
        await scene.Api.SaidAsync("Queued runs cannot be looked for at the moment.");
        using var refused = await SendAsync(scene.Client, scene.Conversation);
        await scene.Client.GetAsync($"/conversations/{scene.Conversation}", 503);
        await scene.Client.GetAsync("/health/ready", 503);
        await ExecuteAsync(database, $"ALTER ROLE {Role} PASSWORD '{Password}'");

        Assert.That((int)refused.StatusCode, Is.EqualTo(503));
        await scene.GoesOnAsync();
        Assert.That(scene.Api.Output, Does.Not.Contain(Password));
    }

    private static Task<ApiProcess> StartAsync(string database) => ApiProcess.StartAsync(new Dictionary<string, string?>
    {
        ["CONVERSATION_SERVICE_DATABASE_URL"] = database,
        ["CONVERSATION_SERVICE_USER_JWT_SECRET_KEY"] = TestTokens.UserKey,
    });

    /// <summary>A service in the middle of an answer.</summary>
    private static async Task<Scene> BeginAsync(string database, int words)
    {
        var api = await StartAsync(database);
        var client = new ApiClient(api.Address, TestTokens.User(Guid.CreateVersion7()));
        var conversation = await client.CreateConversationAsync(new { metadata_json = new { agent = $"words={words}&pace_ms=10" } });
        var socket = await LegacyClient.ConnectAsync(client, conversation);
        await client.SayAsync(conversation, "Hello");
        await socket.UntilAsync("stream");
        return new Scene(api, client, conversation, socket, words);
    }

    private static Task<HttpResponseMessage> SendAsync(ApiClient client, Guid conversation) =>
        client.Http.PostAsJsonAsync($"{ApiClient.Root}/conversations/{conversation}/messages", new { role = "system", content = "Meanwhile" });

    private static async Task UntilAsync(int status, Func<Task<HttpResponseMessage>> ask)
    {
        var patience = Patience.Token;
        while (true)
        {
            using var response = await ask();
            if ((int)response.StatusCode == status)
            {
                return;
            }

            Assert.That((int)response.StatusCode, Is.EqualTo(503));
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience);
        }
    }

    /// <summary>Waits until the lease that nobody can renew has run out.</summary>
    private static async Task ExpiredAsync(string database)
    {
        var patience = Patience.Token;
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(patience);
        await using var expired = new NpgsqlCommand("SELECT count(*) FROM runs WHERE lease_until < now()", connection);
        while (await expired.ExecuteScalarAsync(patience) is not 1L)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, patience);
        }
    }

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Patience.Token);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Patience.Token);
    }

    private sealed record Scene(ApiProcess Api, ApiClient Client, Guid Conversation, LegacyClient Socket, int Words) : IAsyncDisposable
    {
        /// <summary>Writes are taken again, and the answer that was being made is whole.</summary>
        public async Task GoesOnAsync()
        {
            await UntilAsync(201, () => SendAsync(Client, Conversation));
            await Socket.UntilAsync("complete");
            var answer = (await Client.MessagesAsync(Conversation)).Single(message => message.GetProperty("role").GetString() == "assistant");
            Assert.That(
                (answer.GetProperty("status").GetString(), answer.GetProperty("content").GetString()),
                Is.EqualTo(("completed", SimulatedScript.TextOf(Words))));
        }

        public async ValueTask DisposeAsync()
        {
            await Socket.DisposeAsync();
            Client.Dispose();
            await Api.DisposeAsync();
        }
    }
}
