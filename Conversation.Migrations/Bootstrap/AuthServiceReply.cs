using System.Net;
using System.Text.Json;

namespace Conversation.Migrations.Bootstrap;

/// <summary>What the auth service answered, read once.</summary>
/// <param name="Status">Null where no answer came: what was asked may have been done nevertheless.</param>
/// <param name="Body">JSON; undefined where the answer was none.</param>
internal sealed record AuthServiceReply(HttpStatusCode? Status, JsonElement Body)
{
    public static AuthServiceReply Lost { get; } = new(Status: null, default);

    /// <summary>
    /// Beyond its limits the service answers 429, or, by a slip in its handler, 500 as plain text; its own failures are 500 with a
    /// JSON body.
    /// </summary>
    public bool IsLimited => Status == HttpStatusCode.TooManyRequests
        || (Status == HttpStatusCode.InternalServerError && Body.ValueKind == JsonValueKind.Undefined);

    /// <summary>It may go better in a moment.</summary>
    public bool IsTransient => Status is null or >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests;

    /// <summary>The reason that it gives, as far as it is a text.</summary>
    public string Detail => Text("detail") ?? Text("error") ?? "no reason given";

    public string Describe() => Status is { } status ? $"{(int)status} ({Detail})" : "nothing in time";

    public string? Text(string field) =>
        Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
