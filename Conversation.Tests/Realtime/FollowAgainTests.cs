using System.Globalization;
using System.Text.Json;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Realtime;

/// <summary>A v2 socket that asks for another position while frames are on their way to it.</summary>
[TestFixture]
internal sealed class FollowAgainTests : ConversationFixture
{
    private const int Events = 20;
    private const int Rounds = 500;

    /// <summary>What comes behind the reply is applied to the new position: a frame of before would be taken for one of after.</summary>
    [Test]
    public async Task Follow_WhileFollowing_IsRepliedToBetweenTheOldFramesAndTheNew()
    {
        // What happens while somebody follows is kept in memory: the frames come at once.
        await using var watcher = await V2Socket.ConnectAsync(Client, ConversationId, position: null);
        await watcher.NextAsync();
        for (var i = 0; i < Events; i++)
        {
            await Client.SendAsync(ConversationId, new { role = "system", content = "x" });
        }

        await using var socket = await V2Socket.ConnectAsync(Client, ConversationId, position: null);
        var sending = SendAsync(socket);
        using var patience = new CancellationTokenSource(Patience.Limit);
        var replies = 0;
        var expected = "ready at 0";
        long seq = 0;
        while (replies < Rounds || expected.StartsWith("ready", StringComparison.Ordinal))
        {
            var frame = (await socket.NextAsync(patience.Token))!.Value;
            switch (LegacyClient.TypeOf(frame))
            {
                case "heartbeat":
                    continue;
                case "reply":
                    Assert.That(frame.GetProperty("id").GetString(), Is.EqualTo($"{replies}"));
                    seq = PositionOf(replies++);
                    expected = $"ready at {seq}";
                    continue;
                case "subscription.ready":
                    Assert.That(Ready(frame), Is.EqualTo(expected), $"After {replies} replies.");
                    break;
                default:
                    Assert.That($"event {frame.GetProperty("seq").GetInt64()}", Is.EqualTo(expected), $"After {replies} replies.");
                    seq++;
                    break;
            }

            expected = $"event {seq + 1}";
        }

        await sending;
    }

    private static int PositionOf(int round) => round * 7 % Events;

    private static string Ready(JsonElement frame) => $"ready at {frame.GetProperty("position").GetString()}";

    /// <summary>Without waiting for replies: each comes while the one before is being obeyed.</summary>
    private static async Task SendAsync(V2Socket socket)
    {
        for (var i = 0; i < Rounds; i++)
        {
            await socket.SendAsync(
                new { type = "follow", id = $"{i}", position = PositionOf(i).ToString(CultureInfo.InvariantCulture) });
        }
    }
}
