using System.Net.Http.Json;
using System.Text.Json;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Conversation.Tests.Messages;

[TestFixture]
internal sealed class IdempotencyTests : ConversationFixture
{
    [Test]
    public async Task Send_SameKeyAgain_AnswersTheSameAndStoresNothing()
    {
        var (first, firstReplayed) = await SendAsync("k1", "Hello");
        var (again, againReplayed) = await SendAsync("k1", "Hello");

        await Assert.MultipleAsync(async () =>
        {
            Assert.That(again, Is.EqualTo(first));
            Assert.That((firstReplayed, againReplayed), Is.EqualTo((false, true)));
            Assert.That((await Client.GetAsync($"/conversations/{ConversationId}/runs")).GetArrayLength(), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Send_SameKeyForAnotherBody_IsAConflict()
    {
        await SendAsync("k1", "Hello");

        using var response = await PostAsync("k1", "Something else");

        await ApiClient.ReadAsync(response, 409);
    }

    [Test]
    public async Task Send_KeyInBodyOrHeader_IsTheSameKey()
    {
        var (first, _) = await SendAsync("k1", "Hello");

        var again = await Client.SendAsync(ConversationId, new { role = "user", content = "Hello", client_message_id = "k1" });

        Assert.That(again.GetRawText(), Is.EqualTo(first));
    }

    [Test]
    public async Task Send_HundredAtOnceWithOneKey_StoresOneMessageAndOneRun()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => SendAsync("race", "Hello")));

        Assert.That(answers.Select(answer => answer.Body).Distinct().Count(), Is.EqualTo(1));
        Assert.That(answers.Count(answer => !answer.Replayed), Is.EqualTo(1));
        await OneIsStoredAsync();
    }

    [Test]
    public async Task Send_HundredAtOnceWithOneKeyAtThreeDoors_StoresOneMessageAndOneRun()
    {
        var message = new { role = "user", content = "Hello", client_message_id = "race" };
        await using var socket = await V2Socket.ConnectAsync(Client, ConversationId, position: null);
        await using var hub = await HubClient.ConnectAsync(Client);

        var answers = await Task.WhenAll([ByRestAsync(), ByHubAsync(), BySocketAsync()]);

        Assert.That(answers.SelectMany(ids => ids).Distinct().Count(), Is.EqualTo(1));
        Assert.That(answers.Sum(ids => ids.Length), Is.EqualTo(100));
        await OneIsStoredAsync();

        async Task<string[]> ByRestAsync() =>
            await Task.WhenAll(Enumerable.Range(0, 34).Select(async _ => JsonElement.Parse((await SendAsync("race", "Hello")).Body).GetProperty("id").GetString()!));

        async Task<string[]> ByHubAsync() => await Task.WhenAll(Enumerable.Range(0, 33).Select(async _ =>
            (await hub.Connection.InvokeAsync<JsonElement>("SendMessage", ConversationId, message, Patience.Token)).GetProperty("id").GetString()!));

        // Commands of one socket are obeyed one after the other.
        async Task<string[]> BySocketAsync()
        {
            var ids = new List<string>();
            for (var i = 0; i < 33; i++)
            {
                await socket.SendAsync(new { type = "send", id = "c", message });
                ids.Add((await socket.ReplyAsync("c")).GetProperty("message").GetProperty("id").GetString()!);
            }

            return [.. ids];
        }
    }

    [Test]
    public async Task Send_SameKeyForAnotherBodyAtAnotherDoor_IsAConflict()
    {
        await SendAsync("k1", "Hello");
        var message = new { role = "user", content = "Something else", client_message_id = "k1" };
        await using var socket = await V2Socket.ConnectAsync(Client, ConversationId, position: null);
        await using var hub = await HubClient.ConnectAsync(Client);

        await socket.SendAsync(new { type = "send", id = "c", message });

        Assert.That((await socket.ReplyAsync("c")).GetProperty("status").GetInt32(), Is.EqualTo(409));
        await Assert.ThrowsAsync<HubException>(() => hub.Connection.InvokeAsync("SendMessage", ConversationId, message, Patience.Token));
        await OneIsStoredAsync();
    }

    [Test]
    public async Task Send_KeyTooLong_IsRefused()
    {
        using var response = await PostAsync(new string('k', 256), "Hello");

        await ApiClient.ReadAsync(response, 422);
    }

    private Task OneIsStoredAsync() => Assert.MultipleAsync(async () =>
    {
        Assert.That(
            (await Client.MessagesAsync(ConversationId)).Count(message => message.GetProperty("role").GetString() == "user"), Is.EqualTo(1));
        Assert.That((await Client.GetAsync($"/conversations/{ConversationId}/runs")).GetArrayLength(), Is.EqualTo(1));
    });

    private async Task<(string Body, bool Replayed)> SendAsync(string key, string content)
    {
        using var response = await PostAsync(key, content);
        var body = await ApiClient.ReadAsync(response, 201);
        return (body.GetRawText(), response.Headers.Contains("Idempotency-Replayed"));
    }

    private async Task<HttpResponseMessage> PostAsync(string key, string content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{ApiClient.Root}/conversations/{ConversationId}/messages")
        {
            Content = JsonContent.Create(new { role = "user", content }),
            Headers = { { "Idempotency-Key", key } },
        };
        return await Client.Http.SendAsync(request);
    }
}
