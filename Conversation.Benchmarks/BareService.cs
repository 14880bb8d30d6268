using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using Conversation.Data.Postgres;
using Microsoft.AspNetCore.SignalR;
using Npgsql;

namespace Conversation.Benchmarks;

/// <summary>
/// The yardstick: Kestrel and Npgsql with nothing between them. One insert and commit for each request, raw WebSockets for the
/// fan-out; no validation, no tokens, no log, no runs. What the service has by settings alone, it has too.
/// </summary>
internal static class BareService
{
    private const string Insert =
        """
        INSERT INTO bare_messages (id, conversation_id, role, content, created_at)
        VALUES ($1, $2, $3, $4, now())
        RETURNING created_at
        """;

    private const string List =
        """
        SELECT id, role, content, created_at
        FROM bare_messages
        WHERE conversation_id = $1
        ORDER BY created_at DESC, id DESC
        LIMIT 50
        """;

    private const string Schema =
        """
        CREATE TABLE IF NOT EXISTS bare_messages (
            id uuid PRIMARY KEY, conversation_id uuid NOT NULL, role text NOT NULL, content text NOT NULL, created_at timestamptz NOT NULL);
        CREATE INDEX IF NOT EXISTS ix_bare_messages ON bare_messages (conversation_id, created_at DESC, id DESC);
        """;

    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(string connectionString, string url)
    {
        await using var source = new NpgsqlDataSourceBuilder($"{connectionString};Max Auto Prepare=10;Auto Prepare Min Usages=2;No Reset On Close=true").Build();
        await using (var schema = source.CreateCommand(Schema))
        {
            await schema.ExecuteNonQueryAsync();
        }

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.Services.AddSignalR();
        var app = builder.Build();
        var sockets = new ConcurrentDictionary<WebSocket, SemaphoreSlim>();
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = PingInterval, KeepAliveTimeout = PingInterval });
        app.MapHub<BareHub>("/hub");
        var group = app.Services.GetRequiredService<IHubContext<BareHub>>().Clients.Group(BareHub.Group);
        app.MapGet("/health", () => "ok");
        app.MapPost("/messages", async (BareMessage message) =>
        {
            var id = Ids.New();
            await using var insert = source.CreateCommand(Insert);
            insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = message.ConversationId });
            insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = message.Role });
            insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = message.Content });
            var at = (DateTime)(await insert.ExecuteScalarAsync())!;
            var stored = new BareStored(id, message.ConversationId, message.Role, message.Content, at);
            var frame = JsonSerializer.SerializeToUtf8Bytes(stored);
            await Task.WhenAll(sockets.Select(socket => SendAsync(socket.Key, socket.Value, frame)));
            await group.SendAsync("ReceiveFrame", stored);
            return Microsoft.AspNetCore.Http.Results.Json(stored, statusCode: 201);
        });
        app.MapGet("/messages/{conversation:guid}", async (Guid conversation) =>
        {
            await using var list = source.CreateCommand(List);
            list.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = conversation });
            await using var reader = await list.ExecuteReaderAsync();
            var rows = new List<BareStored>();
            while (await reader.ReadAsync())
            {
                rows.Add(new BareStored(reader.GetGuid(0), conversation, reader.GetString(1), reader.GetString(2), reader.GetDateTime(3)));
            }

            return rows;
        });
        app.Map("/ws", async (HttpContext context) =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            sockets[socket] = new SemaphoreSlim(1, 1);
            try
            {
                // Clients say nothing: the wait for it holds no buffer.
                while ((await socket.ReceiveAsync(Memory<byte>.Empty, context.RequestAborted)).MessageType != WebSocketMessageType.Close)
                {
                }
            }
            catch (WebSocketException)
            {
                // The client is gone.
            }
            finally
            {
                sockets.TryRemove(socket, out _);
            }
        });
        await app.RunAsync();
        return 0;
    }

    private static async Task SendAsync(WebSocket socket, SemaphoreSlim turn, byte[] frame)
    {
        await turn.WaitAsync();
        try
        {
            await socket.SendAsync(frame.AsMemory(), WebSocketMessageType.Text, true, CancellationToken.None);
        }
        catch (WebSocketException)
        {
            // The client is gone; its reader removes it.
        }
        finally
        {
            turn.Release();
        }
    }

    private sealed record BareMessage(Guid ConversationId, string Role, string Content);

    private sealed record BareStored(Guid Id, Guid ConversationId, string Role, string Content, DateTime At);
}
