using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Npgsql;

namespace Conversation.Tests.Observability;

/// <summary>A secret that is put wherever one can be appears in no line of the log and in no error.</summary>
[TestFixture]
internal sealed class CanaryTests
{
    private const string Canary = "c4n4ry-0f-th3-m1n3";
    private const string Role = "canary";

    private readonly List<string> _errors = [];

    [TestCase("development")]
    [TestCase("production")]
    public async Task Secret_PutEverywhere_IsRepeatedNowhere(string environment)
    {
        await using var auth = await FakeAuthService.StartAsync();
        await using var api = await ApiProcess.StartAsync(new Dictionary<string, string?>
        {
            ["CONVERSATION_SERVICE_ENVIRONMENT"] = environment,
            ["CONVERSATION_SERVICE_LOGGING_LEVEL"] = "DEBUG",
            ["CONVERSATION_SERVICE_DATABASE_URL"] = await DatabaseAsync(),
            ["CONVERSATION_SERVICE_USER_JWT_SECRET_KEY"] = TestTokens.UserKey,
            ["CONVERSATION_SERVICE_USER_JWT_ISSUER"] = TestTokens.UserIssuer,
            ["CONVERSATION_SERVICE_USER_JWT_AUDIENCE"] = TestTokens.Audience,
            ["CONVERSATION_SERVICE_M2M_JWT_SECRET_KEY"] = $"{Canary}{TestTokens.M2mKey}",
            ["CONVERSATION_SERVICE_SIMULATED_PACE_MS"] = "1",
            ["LANGFLOW_RUNTIME_URL"] = auth.Address.ToString(),
            ["LANGFLOW_API_KEY"] = Canary,
            ["AUTH_SERVICE_URL"] = auth.Address.ToString(),
            ["AGENT_RUNTIME_SERVICE_URL"] = auth.Address.ToString(),
            ["CONVERSATION_SERVICE_CLIENT_ID"] = "some-client",
            ["CONVERSATION_SERVICE_CLIENT_SECRET"] = Canary,
            ["INITIAL_ADMIN_PASSWORD"] = Canary,
        });
        using var client = new ApiClient(api.Address, TestTokens.User(Guid.CreateVersion7()));

        var conversation = await client.CreateConversationAsync(new { title = Canary, metadata_json = new { key = Canary } });
        await SayAsync(client, conversation);
        await TryTokensAsync(client, conversation);
        await TryBadRequestsAsync(client, conversation);
        await TryStreamsAsync(client, conversation);
        await api.StopAsync();

        Assert.That(_errors, Has.Count.GreaterThan(15));
        Assert.That(_errors.Where(error => error.Contains(Canary)), Is.Empty);
        Assert.That(api.Output.Split('\n').Where(line => line.Contains(Canary) || line.Contains(client.Token!.Split('.')[2])), Is.Empty);
        Assert.That(api.Output, Does.Contain("answered"));
    }

    private static async Task<string> DatabaseAsync()
    {
        var database = new NpgsqlConnectionStringBuilder(await TestPostgres.NewDatabaseAsync());
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(Patience.Token);
        await using var role = new NpgsqlCommand(
            $"DO $$ BEGIN CREATE ROLE {Role} LOGIN SUPERUSER PASSWORD '{Canary}'; EXCEPTION WHEN duplicate_object THEN NULL; END $$", connection);
        await role.ExecuteNonQueryAsync(Patience.Token);
        return $"postgresql://{Role}:{Canary}@{database.Host}:{database.Port}/{database.Database}";
    }

    /// <summary>A whole run, with the secret as what the user says.</summary>
    private static async Task SayAsync(ApiClient client, Guid conversation)
    {
        await using var socket = await LegacyClient.ConnectAsync(client, conversation);
        await socket.SendAsync(Canary);
        await client.SayAsync(conversation, Canary);
        await socket.UntilAsync("complete");
    }

    private async Task TryTokensAsync(ApiClient client, Guid conversation)
    {
        foreach (var header in new[] { $"Bearer {Canary}", $"Basic {Canary}", Canary, $"Bearer a.{Canary}.c" })
        {
            await RefuseAsync(client, HttpMethod.Get, "/conversations", authorization: header);
        }

        foreach (var path in new[]
        {
            $"/conversations?token={Canary}", $"/conversations/{conversation}/events?token={Canary}",
            $"/ws/conversations/{conversation}?token={Canary}", $"/hubs/conversations?access_token={Canary}",
        })
        {
            await RefuseAsync(client, HttpMethod.Get, path, authorization: "");
        }
    }

    private async Task TryBadRequestsAsync(ApiClient client, Guid conversation)
    {
        foreach (var query in new[] { "limit", "after", "before", "order", "include" })
        {
            await RefuseAsync(client, HttpMethod.Get, $"/conversations/{conversation}/messages?{query}={Canary}");
        }

        await RefuseAsync(client, HttpMethod.Get, $"/conversations/{conversation}/events?after={Canary}");
        foreach (var body in new[]
        {
            $$"""{"role":"{{Canary}}","content":"x"}""",
            $$"""{"role":"user","content":["{{Canary}}"]}""",
            $$"""{"role":"user","content":"{{Canary}}","metadata_json":"{{Canary}}"}""",
            $$"""{"role":"user","content":"{{Canary}}\u0000"}""",
            $$"""{"role":"user","content":"{{Canary}}","client_message_id":["{{Canary}}"]}""",
            $$"""{"role":"user","content":"{{Canary}}",""",
            Canary,
        })
        {
            await RefuseAsync(client, HttpMethod.Post, $"/conversations/{conversation}/messages", body);
        }

        await RefuseAsync(client, HttpMethod.Patch, $"/conversations/{conversation}", $$"""{"on_busy":"{{Canary}}"}""");
        await RefuseAsync(client, HttpMethod.Post, "/conversations", $$"""{"owner_id":"{{Canary}}"}""");
    }

    private async Task TryStreamsAsync(ApiClient client, Guid conversation)
    {
        await using var socket = await V2Socket.ConnectAsync(client, conversation, position: null);
        foreach (var command in new object[]
        {
            new { type = Canary, id = "1" }, new { type = "auth", id = "1", token = Canary }, new { type = "follow", id = "1", position = Canary },
            new { type = "send", id = "1", message = new { role = Canary, content = Canary } }, new { type = "cancel", id = "1", run_id = Canary },
        })
        {
            await socket.SendAsync(command);
            _errors.Add((await socket.UntilAsync(frame => LegacyClient.TypeOf(frame) == "error")).GetRawText());
        }

        await using var hub = await HubClient.ConnectAsync(client);
        var refused = await Assert.CatchAsync<HubException>(() => hub.Connection.InvokeAsync<JsonElement>(
            "SendMessage", conversation, new { role = Canary, content = Canary }, Patience.Token));
        _errors.Add(refused!.Message);
        using var foreign = new ClientWebSocket();
        foreign.Options.SetRequestHeader("Authorization", $"Bearer {Canary}");
        var address = new UriBuilder(client.Address) { Scheme = "ws", Path = $"{ApiClient.Root}/ws/conversations/{conversation}" };
        var closed = await Assert.CatchAsync<WebSocketException>(() => foreign.ConnectAsync(address.Uri, Patience.Token));
        _errors.Add(closed!.Message);
    }

    private async Task RefuseAsync(ApiClient client, HttpMethod method, string path, string? body = null, string? authorization = null)
    {
        using var http = new HttpClient { BaseAddress = client.Address };
        using var request = new HttpRequestMessage(method, $"{ApiClient.Root}{path}");
        if (authorization is null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", client.Token);
        }
        else if (authorization.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request, Patience.Token);
        Assert.That((int)response.StatusCode, Is.InRange(400, 499), $"{method} {path} {body}");
        _errors.Add($"{response.Headers}{await response.Content.ReadAsStringAsync(Patience.Token)}");
    }
}
