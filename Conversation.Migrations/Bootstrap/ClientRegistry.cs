using System.Net;
using System.Text.Json;

namespace Conversation.Migrations.Bootstrap;

/// <summary>A client as the auth service lists it.</summary>
internal sealed record RegisteredClient(string Id, string Description, bool IsActive);

/// <summary>The clients at the auth service, of which one is this service's.</summary>
internal sealed class ClientRegistry(AuthServiceClient service, AdminSession admin, BootstrapClock clock)
{
    public const string Name = "conversation-service-client";

    private const int PageSize = 100;

    /// <summary>Pages have no order, so that one client can be in two of them and another in none: looked through again then.</summary>
    private const int Looks = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>This service's client, null where there is none.</summary>
    /// <exception cref="BootstrapException">The list cannot be read.</exception>
    public async Task<RegisteredClient?> FindAsync(CancellationToken token)
    {
        for (var look = 1; look <= Looks; look++)
        {
            var seen = new HashSet<string>();
            var count = 0;
            for (var skip = 0; skip == 0 || skip < count; skip += PageSize)
            {
                var page = await PageAsync(skip, token);
                count = page.GetProperty("count").GetInt32();
                foreach (var client in page.GetProperty("clients").EnumerateArray())
                {
                    var id = Text(client, "client_id");
                    seen.Add(id);
                    if (Text(client, "client_name") == Name)
                    {
                        var isActive = !client.TryGetProperty("is_active", out var active) || active.ValueKind != JsonValueKind.False;
                        return new RegisteredClient(id, Text(client, "description"), isActive);
                    }
                }
            }

            if (seen.Count >= count)
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>Deletes a client. The service answers 500 after it has deleted one: what counts is whether it is still there.</summary>
    /// <exception cref="BootstrapException">It is.</exception>
    public async Task DeleteAsync(string id, CancellationToken token)
    {
        while (true)
        {
            var deleted = await admin.AskAsync(session => service.DeleteClientAsync(session, id, token), token);
            var left = await admin.AskAsync(session => service.GetClientAsync(session, id, token), token);
            if (left.Status == HttpStatusCode.NotFound)
            {
                return;
            }

            if (!await clock.PauseAsync(Pause, token))
            {
                throw new BootstrapException($"The client {id} cannot be deleted: the auth service answers with {deleted.Describe()}.");
            }
        }
    }

    private async Task<JsonElement> PageAsync(int skip, CancellationToken token)
    {
        while (true)
        {
            var reply = await admin.AskAsync(session => service.ListClientsAsync(session, skip, PageSize, token), token);
            if (reply.Status == HttpStatusCode.OK && IsList(reply.Body))
            {
                return reply.Body;
            }

            if (!reply.IsTransient || !await clock.PauseAsync(Pause, token))
            {
                throw new BootstrapException($"The auth service answers the list of clients with {reply.Describe()}.");
            }
        }
    }

    private static string Text(JsonElement client, string field) =>
        client.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static bool IsList(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object
        && body.TryGetProperty("count", out var count) && count.ValueKind == JsonValueKind.Number
        && body.TryGetProperty("clients", out var clients) && clients.ValueKind == JsonValueKind.Array;
}
