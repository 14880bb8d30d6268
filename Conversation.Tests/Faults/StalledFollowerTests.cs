using Conversation.Api.AgentRuntimes;
using Conversation.Tests.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.Faults;

/// <summary>One follower of ten stops reading: the nine others see everything, and it loses no text when it wakes.</summary>
[TestFixture]
internal sealed class StalledFollowerTests
{
    private const int Pieces = 400;

    /// <summary>8 MB of text in all: far more than sockets and pipes buffer.</summary>
    private static readonly string Piece = new('x', 20 * 1024);

    /// <summary>In seconds: longer than SignalR gives a send by default.</summary>
    private const int LongStall = 13;

    /// <summary>In seconds: longer than a ping's interval, and as long again for the pong.</summary>
    private const int LongStallOfASocket = 75;

    [TestCase("socket", 0)]
    [TestCase("legacy", 0)]
    [TestCase("sse", 0)]
    [TestCase("group", 0)]
    [TestCase("follow", 0)]
    [TestCase("socket", LongStallOfASocket, Category = "Long")]
    [TestCase("group", LongStall, Category = "Long")]
    [TestCase("follow", LongStall, Category = "Long")]
    public async Task Follower_Stalled_HoldsUpNobodyAndLosesNothing(string door, int seconds)
    {
        var runtime = new ScriptedRuntime();
        await using var host = await ApiHost.StartAsync(
            services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(runtime));
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var gate = StallingProxy.Start(host.Address);
        using var stalledClient = new ApiClient(gate.Address, client.Token);
        // How long it reads is counted from when it can.
        using var patience = new CancellationTokenSource();
        var stalled = await StalledReader.ConnectAsync(stalledClient, door, conversation, patience.Token);
        var others = new List<V2Socket>();
        for (var i = 0; i < 9; i++)
        {
            others.Add(await V2Socket.ConnectAsync(client, conversation, position: null));
        }

        gate.Stall();
        await client.SayAsync(conversation, "Hello");
        var run = await runtime.NextRunAsync();
        for (var i = 0; i < Pieces; i++)
        {
            run.Say(Piece);
            if (i % 40 == 39)
            {
                // The others keep up: each has all of the text so far before more is said.
                await Task.WhenAll(others.Select(other => ReadUpToAsync(other, (i + 1) * Piece.Length)));
            }
        }

        run.End();
        await Task.WhenAll(others.Select(other => other.UntilAsync(frame => LegacyClient.TypeOf(frame) == "run.completed")));
        await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, CancellationToken.None);
        Assert.That(stalled.IsCompleted, Is.False, "It never stalled.");
        patience.CancelAfter(Patience.Limit);
        gate.Resume();

        Assert.That(await stalled, Is.EqualTo(Pieces * Piece.Length));
        foreach (var other in others)
        {
            await other.DisposeAsync();
        }
    }

    private static async Task ReadUpToAsync(V2Socket socket, int length) => await socket.UntilAsync(
        frame => LegacyClient.TypeOf(frame) == "message.delta" && frame.GetProperty("to").GetInt32() >= length);

    /// <summary>Reads at a door to the end of the run, and counts the text.</summary>
    private static class StalledReader
    {
        public static async Task<Task<int>> ConnectAsync(ApiClient client, string door, Guid conversation, CancellationToken token)
        {
            switch (door)
            {
                case "legacy":
                    var socket = await LegacyClient.ConnectAsync(client, conversation);
                    await socket.NextAsync();
                    return LegacyAsync(socket, token);
                case "group":
                    var hub = await HubClient.ConnectAsync(client);
                    await hub.Connection.InvokeAsync("JoinConversation", conversation, Patience.Token);
                    return GroupAsync(hub, token);
                default:
                    var ready = new TaskCompletionSource();
                    var reading = FollowAsync(client, door switch { "socket" => Door.Socket, "sse" => Door.Sse, _ => Door.Hub }, conversation, ready, token);
                    await ready.Task.OrTimeout();
                    return reading;
            }
        }

        private static async Task<int> LegacyAsync(LegacyClient socket, CancellationToken token)
        {
            var frames = await socket.UntilAsync("complete", token);
            await socket.DisposeAsync();
            return LegacyClient.TextOf(frames).Length;
        }

        private static async Task<int> GroupAsync(HubClient hub, CancellationToken token)
        {
            var frames = await hub.UntilAsync("run.completed", token);
            await hub.DisposeAsync();
            return V2Text.Apply(frames).Values.Max(text => text.Length);
        }

        private static async Task<int> FollowAsync(
            ApiClient client, Door door, Guid conversation, TaskCompletionSource ready, CancellationToken token)
        {
            var reader = new V2Reader();
            await foreach (var frame in client.FollowAsync(door, conversation, position: null, token))
            {
                ready.TrySetResult();
                reader.Apply(frame);
                if (LegacyClient.TypeOf(frame) == "run.completed")
                {
                    break;
                }
            }

            return reader.Messages.Keys.Max(id => reader.TextOf(id).Length);
        }
    }
}
