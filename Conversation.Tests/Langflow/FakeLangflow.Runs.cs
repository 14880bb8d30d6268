using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Conversation.Tests.Langflow;

/// <content>Runs.</content>
internal sealed partial class FakeLangflow
{
    private async Task RunAsync(HttpContext http, string flow)
    {
        // Until 1.8 an unknown flow is found out before the key is looked at.
        if (Flows.All(known => !Knows(known, flow)))
        {
            await MissingAsync(http, $"Flow identifier {flow} not found");
            return;
        }

        if (Refusal(http) is { } refusal)
        {
            await WriteAsync(http, 403, new { detail = refusal });
            return;
        }

        var run = new FakeRun(http, Profile, flow, await JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body));
        http.Response.ContentType = "text/event-stream; charset=utf-8";
        await http.Response.StartAsync();
        await http.Response.Body.FlushAsync();
        _runs.Writer.TryWrite(run);
        await Flow(run);
    }

    private static bool Knows(object known, string flow)
    {
        var header = JsonSerializer.SerializeToElement(known);
        return header.GetProperty("id").GetString() == flow || header.GetProperty("endpoint_name").GetString() == flow;
    }
}
