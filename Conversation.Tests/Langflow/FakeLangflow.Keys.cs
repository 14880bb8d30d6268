using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Conversation.Tests.Langflow;

/// <content>Credentials and the list of flows.</content>
internal sealed partial class FakeLangflow
{
    private const string Bearer = "eyJfake.auto.login";

    private readonly ConcurrentDictionary<string, bool> _keys = new();
    private int _minted;

    /// <summary>Whether automatic login is on.</summary>
    public bool AutoLogin { get; set; } = true;

    /// <summary>How often automatic login says first that there is no user yet.</summary>
    public int LoginsBeforeUser { get; set; }

    public int Minted => _minted;

    /// <summary>What the server lists.</summary>
    public List<object> Flows { get; } =
    [
        new { id = "6f1a2b3c-0000-4000-8000-0000000000ff", name = "A component", is_component = true, endpoint_name = (string?)null },
        new { id = FirstFlow, name = "Chat", is_component = false, endpoint_name = "chat" },
        new { id = "6f1a2b3c-0000-4000-8000-000000000002", name = "Other", is_component = false, endpoint_name = (string?)null },
    ];

    /// <summary>Accepts a key that an operator configured.</summary>
    public void Accept(string key) => _keys[key] = true;

    /// <summary>Withdraws every key.</summary>
    public void WithdrawKeys() => _keys.Clear();

    private Task AutoLoginAsync(HttpContext http)
    {
        if (!AutoLogin)
        {
            return WriteAsync(http, 400, new { detail = new { message = "Auto login is disabled. Please enable it in the settings", auto_login = false } });
        }

        if (LoginsBeforeUser-- > 0)
        {
            return WriteAsync(http, 400, new { detail = "Super user hasn't been created" });
        }

        http.Response.Cookies.Append("access_token_lf", Bearer);
        return WriteAsync(http, 200, new { access_token = Bearer, refresh_token = (string?)null, token_type = "bearer" });
    }

    private Task MintAsync(HttpContext http)
    {
        if (http.Request.Headers.Authorization != $"Bearer {Bearer}")
        {
            return WriteAsync(http, 403, new { detail = "No authentication credentials provided" });
        }

        var key = $"sk-minted-{Interlocked.Increment(ref _minted)}";
        _keys[key] = true;
        return WriteAsync(http, 200, new { name = "conversation-service", api_key = key, id = Guid.CreateVersion7() });
    }

    private async Task ListFlowsAsync(HttpContext http)
    {
        if (!_keys.ContainsKey(http.Request.Headers["x-api-key"].ToString()))
        {
            await WriteAsync(http, 403, new { detail = "Invalid or missing API key" });
            return;
        }

        // Compressed from 1.3 on, whatever the client accepts.
        http.Response.ContentType = "application/json";
        http.Response.Headers.ContentEncoding = "gzip";
        await using var gzip = new GZipStream(http.Response.Body, CompressionLevel.Fastest);
        await JsonSerializer.SerializeAsync(gzip, Flows);
    }

    /// <summary>Null where the run may begin.</summary>
    private string? Refusal(HttpContext http)
    {
        var key = http.Request.Headers["x-api-key"].ToString();
        if (_keys.ContainsKey(key) || (!Profile.NeedsKey && AutoLogin))
        {
            return null;
        }

        return key.Length > 0
            ? "Invalid or missing API key"
            : AutoLogin
                ? "Since v1.5, LANGFLOW_AUTO_LOGIN requires a valid API key. Set LANGFLOW_SKIP_AUTH_AUTO_LOGIN=true to skip this check. "
                    + "Please update your authentication method."
                : "An API key must be passed as query or header";
    }
}
