using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Conversation.Tests.Infrastructure;

/// <content>Its routes.</content>
internal sealed partial class FakeAuthService
{
    private const int LongestPage = 100;

    private void MapUsers() => _app.MapPost("/auth/users/login", async (HttpContext context) =>
    {
        var body = await context.Request.ReadFromJsonAsync<JsonElement>();
        return body.GetProperty("email").GetString() == AdminEmail && body.GetProperty("password").GetString() == AdminPassword
            ? Results.Json(new { access_token = $"session-{_session}", token_type = "bearer", expires_in = 3600, refresh_token = "opaque" })
            : Detail(HttpStatusCode.Unauthorized, "Invalid login credentials");
    });

    private void MapClients()
    {
        _app.MapGet("/admin/clients", (HttpContext context, int skip = 0, int limit = LongestPage) =>
        {
            if (!IsSession(context, out var refusal))
            {
                return refusal!;
            }

            if (limit is < 1 or > LongestPage)
            {
                return Results.Json(new { detail = new[] { new { type = "less_than_equal", loc = new[] { "query", "limit" } } } }, statusCode: 422);
            }

            lock (_lock)
            {
                return Results.Json(new { clients = Clients.Skip(skip).Take(limit).Select(client => client.Listed), count = Clients.Count });
            }
        });
        _app.MapPost("/admin/clients", async (HttpContext context) => IsSession(context, out var refusal)
            ? Create(await context.Request.ReadFromJsonAsync<JsonElement>())
            : refusal!);
        _app.MapGet("/admin/clients/{id}", (HttpContext context, string id) => !IsSession(context, out var refusal) ? refusal!
            : Find(id) is { } client ? Results.Json(client.Listed)
            : Detail(HttpStatusCode.NotFound, $"App client with ID '{id}' not found."));
        _app.MapDelete("/admin/clients/{id}", (HttpContext context, string id) =>
        {
            if (!IsSession(context, out var refusal))
            {
                return refusal!;
            }

            lock (_lock)
            {
                Clients.RemoveAll(client => client.Id == id);
            }

            // The handler builds an answer that its own model refuses, after the commit.
            return Results.Text("Internal Server Error", statusCode: 500);
        });
    }

    private IResult Create(JsonElement body)
    {
        var name = body.GetProperty("client_name").GetString()!;
        if (body.GetProperty("allowed_callback_urls").ValueKind != JsonValueKind.Array)
        {
            return Results.Json(new { detail = new[] { new { type = "missing", loc = new[] { "body", "allowed_callback_urls" } } } }, statusCode: 422);
        }

        lock (_lock)
        {
            if (body.GetProperty("assigned_roles").EnumerateArray().FirstOrDefault(role => !Roles.Contains(role.GetString()!)) is
                { ValueKind: JsonValueKind.String } unknown)
            {
                return Detail(HttpStatusCode.BadRequest, $"Role '{unknown}' not found.");
            }

            if (Clients.Any(client => client.Name == name))
            {
                return Detail(HttpStatusCode.Conflict, $"App client with name '{name}' already exists.");
            }

            var made = AddClient(name, body.GetProperty("description").GetString() ?? "");
            return Results.Json(
                new { client_id = made.Id, client_secret = made.Secret, client_name = name, is_active = true }, statusCode: 201);
        }
    }

    private void MapTokens() => _app.MapPost("/auth/token", async (HttpContext context) =>
    {
        if (!context.Request.HasJsonContentType())
        {
            return Results.Json(new { detail = new[] { new { type = "model_attributes_type", loc = new[] { "body" } } } }, statusCode: 422);
        }

        var body = await context.Request.ReadFromJsonAsync<JsonElement>();
        if (body.GetProperty("grant_type").GetString() != "client_credentials")
        {
            return Results.Json(new { detail = new[] { new { type = "literal_error", loc = new[] { "body", "grant_type" } } } }, statusCode: 422);
        }

        var client = Find(body.GetProperty("client_id").GetString()!);
        // Activity is looked at before the secret.
        return client is { IsActive: false } ? Detail(HttpStatusCode.Unauthorized, "Client is inactive.")
            : client?.Secret != body.GetProperty("client_secret").GetString() || client is null
                ? Detail(HttpStatusCode.Unauthorized, "Invalid client credentials.")
            : Results.Json(new
            {
                access_token = TestTokens.Sign(
                    TestTokens.M2mKey, client.Id, TestTokens.M2mIssuer, lifetime: TimeSpan.FromSeconds(TokenLifetimeSeconds + Requests.Count)),
                token_type = "Bearer",
                expires_in = TokenLifetimeSeconds,
            });
    });

    private FakeClient? Find(string id)
    {
        lock (_lock)
        {
            return Clients.FirstOrDefault(client => client.Id == id);
        }
    }
}
