using System.Net.Http.Json;
using System.Text.Json;
using Conversation.Tests.Infrastructure;
using Npgsql;

namespace Conversation.Tests.Walk;

/// <summary>A legacy deployment: its own file of variables, and the steps of its own test client.</summary>
[TestFixture]
internal sealed class LegacyDeploymentTests
{
    private const string UserKey = "super-secret-jwt-token-with-at-least-32-characters-long";
    private const string Issuer = "http://127.0.0.1:54321/auth/v1";
    private const string Audience = "authenticated";

    private string _file = "";

    [SetUp]
    public void Name() => _file = TestFolders.New();

    [TearDown]
    public void Remove() => File.Delete(_file);

    [Test]
    public async Task Client_InAuthenticatedMode_WalksFromCreateToComplete()
    {
        await using var api = await StartAsync("authenticated");
        using var client = new ApiClient(api.Address, Token());
        var owner = Guid.CreateVersion7();

        using var created = await client.Http.PostAsJsonAsync(
            $"{ApiClient.Root}/conversations/", new { title = "Test Conversation", owner_id = owner, metadata = new { a = 1 } });
        var conversation = await ApiClient.ReadAsync(created, 201);
        var id = conversation.GetProperty("id").GetGuid();
        await using var socket = await LegacyClient.ConnectAsync(client, id);
        var connected = await socket.NextAsync();
        using var posted = await client.Http.PostAsJsonAsync(
            $"{ApiClient.Root}/conversations/{id}/messages", new { role = "user", content = "Hello, world!", metadata = new { b = 2 } });
        var message = await ApiClient.ReadAsync(posted, 201);
        var frames = await socket.UntilAsync("complete");

        Assert.Multiple(() =>
        {
            Assert.That(conversation.GetProperty("owner_id").GetGuid(), Is.EqualTo(owner));
            Assert.That(conversation.GetProperty("metadata").GetRawText(), Is.EqualTo("""{"a":1}"""));
            Assert.That(message.GetProperty("metadata").GetRawText(), Is.EqualTo("""{"b":2}"""));
            Assert.That(LegacyClient.TypeOf(connected!.Value), Is.EqualTo("connected"));
            Assert.That(frames[0].GetProperty("message_id").GetGuid(), Is.EqualTo(message.GetProperty("id").GetGuid()));
            Assert.That(frames.Select(LegacyClient.TypeOf).Distinct(), Is.SubsetOf(new[] { "ack", "info", "warn", "stream", "complete" }));
            Assert.That(LegacyClient.TextOf(frames), Is.Not.Empty);
        });
    }

    [Test]
    public async Task Client_InOwnerMode_IsToldWhichSettingItNeeds()
    {
        await using var api = await StartAsync("owner");
        using var client = new ApiClient(api.Address, Token());

        using var created = await client.Http.PostAsJsonAsync(
            $"{ApiClient.Root}/conversations/", new { title = "Test Conversation", owner_id = Guid.CreateVersion7(), metadata = new { } });

        var problem = await ApiClient.ReadAsync(created, 403);
        Assert.That(problem.GetProperty("detail").GetString(), Does.Contain("CONVERSATION_SERVICE_AUTHORIZATION=authenticated"));
    }

    [Test]
    public async Task Environment_SaysOtherwiseThanTheFile_Wins()
    {
        await using var api = await StartAsync("authenticated", new() { ["CONVERSATION_SERVICE_ROOT_PATH"] = "/" });
        using var http = new HttpClient { BaseAddress = api.Address };
        Assert.That((await http.GetFromJsonAsync<JsonElement>("/health")).GetProperty("status").GetString(), Is.EqualTo("ok"));
    }

    /// <summary>The token that the client signs for itself: the fewest claims that there can be.</summary>
    private static string Token()
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return RawTokens.Hmac(
            """{"alg":"HS256","typ":"JWT"}""",
            $$"""{"sub":"{{Guid.CreateVersion7()}}","iss":"{{Issuer}}","aud":"{{Audience}}","iat":{{now}},"exp":{{now + 3600}},"scope":"user"}""",
            UserKey);
    }

    private async Task<ApiProcess> StartAsync(string authorization, Dictionary<string, string?>? environment = null)
    {
        var database = new NpgsqlConnectionStringBuilder(await TestPostgres.NewDatabaseAsync());
        await File.WriteAllTextAsync(
            _file,
            $"""
            # Development environment configuration for conversation_service
            CONVERSATION_SERVICE_ENVIRONMENT=development
            CONVERSATION_SERVICE_LOGGING_LEVEL=INFO
            CONVERSATION_SERVICE_ROOT_PATH=/api/v1

            # Database connection
            CONVERSATION_SERVICE_DATABASE_URL=postgresql+psycopg://{database.Username}:{database.Password}@{database.Host}:{database.Port}/{database.Database}

            # JWT Configuration (must match auth_service configuration)
            CONVERSATION_SERVICE_M2M_JWT_SECRET_KEY=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
            CONVERSATION_SERVICE_M2M_JWT_ALGORITHM=HS256
            CONVERSATION_SERVICE_M2M_JWT_ISSUER={Issuer}
            CONVERSATION_SERVICE_M2M_JWT_AUDIENCE={Audience}

            CONVERSATION_SERVICE_USER_JWT_SECRET_KEY={UserKey}
            CONVERSATION_SERVICE_USER_JWT_ALGORITHM=HS256
            CONVERSATION_SERVICE_USER_JWT_ISSUER={Issuer}
            CONVERSATION_SERVICE_USER_JWT_AUDIENCE={Audience}

            # CORS
            CONVERSATION_SERVICE_CORS_ALLOW_ORIGINS=["*"]

            # M2M credentials (populated by bootstrap)
            CONVERSATION_SERVICE_CLIENT_ID=your_client_id_here
            CONVERSATION_SERVICE_CLIENT_SECRET=your_client_secret_here
            CONVERSATION_SERVICE_AUTHORIZATION={authorization}

            """);
        environment ??= [];
        environment["CONVERSATION_SERVICE_ENV_FILE"] = _file;
        return await ApiProcess.StartAsync(environment);
    }
}
