using System.Text.Json;
using Conversation.Api.AgentRuntimes;
using Conversation.Tests.AgentRuns;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Conversation.Tests.Faults;

/// <summary>
/// Followers that never read are cursors over one text: none has a copy of it kept. Alone, because it measures the process.
/// </summary>
[TestFixture]
[NonParallelizable]
internal sealed class StalledMemoryTests
{
    private const int Followers = 50;
    private const int Pieces = 400;
    private const int Mebi = 1024 * 1024;

    /// <summary>8 MB of text in all: far more than the kernel takes of a connection.</summary>
    private static readonly string Piece = new('x', 20 * 1024);

    [TestCase(Door.Socket)]
    [TestCase(Door.Sse)]
    [TestCase(Door.Hub)]
    public async Task Followers_ThatNeverRead_HaveNoTextKeptForEach(Door door)
    {
        var runtime = new ScriptedRuntime();
        await using var host = await ApiHost.StartAsync(
            services: services => services.RemoveAll<IAgentRuntime>().AddSingleton<IAgentRuntime>(runtime));
        using var client = host.AsUser();
        var conversation = await client.CreateConversationAsync();
        await using var gate = StallingProxy.Start(host.Address);
        using var stalledClient = new ApiClient(gate.Address, client.Token);
        using var over = new CancellationTokenSource();
        var stalled = new List<IAsyncEnumerator<JsonElement>>();
        for (var i = 0; i < Followers; i++)
        {
            var frames = stalledClient.FollowAsync(door, conversation, position: null, over.Token);
            stalled.Add(frames.GetAsyncEnumerator(CancellationToken.None));
            await stalled[i].MoveNextAsync().OrTimeout();
        }

        // The last to come, and so the last that is told of more: what it has, the others were offered.
        await using var reader = await V2Socket.ConnectAsync(client, conversation, position: null);
        gate.Stall();
        await client.SayAsync(conversation, "Hello");
        var run = await runtime.NextRunAsync();
        run.Say(Piece);
        await ReadUpToAsync(reader, Piece.Length);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 2; i <= Pieces; i++)
        {
            run.Say(Piece);
            if (i % 40 == 0)
            {
                await ReadUpToAsync(reader, i * Piece.Length);
            }
        }

        var grown = (GC.GetTotalMemory(forceFullCollection: true) - before) / Mebi;
        await TestContext.Out.WriteLineAsync($"{Followers} followers at {door} that do not read: {grown} MiB.");
        run.End();
        await over.CancelAsync();
        gate.Resume();
        await Task.WhenAll(stalled.Select(follower => follower.DisposeAsync().AsTask())).OrTimeout();

        Assert.That(grown, Is.LessThan((long)Followers * Pieces * Piece.Length / 4 / Mebi));
    }

    private static async Task ReadUpToAsync(V2Socket socket, int length) => await socket.UntilAsync(
        frame => LegacyClient.TypeOf(frame) == "message.delta" && frame.GetProperty("to").GetInt32() >= length);
}
