using System.Net.Http.Headers;
using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Realtime;

/// <summary>What a client sends as JSON of several lines is still one line where lines mean something.</summary>
[TestFixture]
internal sealed class LineBreakTests : ConversationFixture
{
    private const string Body = "{\"role\":\"system\",\"content\":\"a\\nb\",\"metadata_json\":{\r\n  \"a\": [1,\r2],\n  \"b\": \"c\\r\\nd\"\n}}";

    [Test]
    public async Task Metadata_OfSeveralLines_IsWholeAtEveryDoor([Values] Door door)
    {
        await SendAsync();

        await foreach (var frame in Client.FollowAsync(door, ConversationId, position: null, Patience.Token))
        {
            if (frame.TryGetProperty("message", out var message))
            {
                Check(message);
                break;
            }
        }
    }

    [Test]
    public async Task Export_OfMetadataOfSeveralLines_IsOneLineAMessage()
    {
        await SendAsync();

        var lines = (await Client.Http.GetStringAsync($"{ApiClient.Root}/conversations/{ConversationId}/export")).TrimEnd('\n').Split('\n', '\r');

        Assert.That(lines, Has.Length.EqualTo(3));
        Check(JsonElement.Parse(lines[1]));
    }

    private async Task SendAsync()
    {
        using var content = new StringContent(Body, new MediaTypeHeaderValue("application/json"));
        using var response = await Client.Http.PostAsync($"{ApiClient.Root}/conversations/{ConversationId}/messages", content);
        Check(await ApiClient.ReadAsync(response, 201));
    }

    private static void Check(JsonElement message)
    {
        var metadata = message.GetProperty("metadata_json");
        Assert.Multiple(() =>
        {
            Assert.That(message.GetProperty("content").GetString(), Is.EqualTo("a\nb"));
            Assert.That(metadata.GetProperty("a").GetArrayLength(), Is.EqualTo(2));
            Assert.That(metadata.GetProperty("b").GetString(), Is.EqualTo("c\r\nd"));
            Assert.That(metadata.GetRawText(), Does.Not.Contain('\n').And.Not.Contain('\r'));
        });
    }
}
