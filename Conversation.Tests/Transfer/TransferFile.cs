using System.Text;
using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Transfer;

/// <summary>Conversations as files, by the REST door.</summary>
internal static class TransferFile
{
    public const string MediaType = "application/x-ndjson";

    public static async Task<string> ExportAsync(this ApiClient client, Guid conversation)
    {
        using var response = await client.Http.GetAsync($"{ApiClient.Root}/conversations/{conversation}/export");
        var text = await response.Content.ReadAsStringAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(200), text);
        Assert.That(response.Content.Headers.ContentType?.ToString(), Is.EqualTo(MediaType));
        return text;
    }

    public static Task<HttpResponseMessage> PostFileAsync(this ApiClient client, string file, string query = "", string mediaType = MediaType) =>
        client.Http.PostAsync($"{ApiClient.Root}/conversations/import{query}", new StringContent(file, Encoding.UTF8, mediaType));

    public static async Task<Guid> ImportAsync(this ApiClient client, string file)
    {
        using var response = await client.PostFileAsync(file);
        var body = await ApiClient.ReadAsync(response, 201);
        Assert.That(response.Headers.Location?.ToString(), Is.EqualTo($"{ApiClient.Root}/conversations/{body.GetProperty("id").GetString()}"));
        return body.GetProperty("id").GetGuid();
    }

    public static List<JsonElement> Lines(string file) =>
        [.. file.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];

    /// <summary>A file of plain messages.</summary>
    public static string Of(params string[] contents) =>
        """{"type":"conversation","format":1}""" + "\n"
        + string.Concat(contents.Select(content => JsonSerializer.Serialize(new { type = "message", role = "user", content }) + "\n"))
        + JsonSerializer.Serialize(new { type = "end", messages = contents.Length }) + "\n";
}
