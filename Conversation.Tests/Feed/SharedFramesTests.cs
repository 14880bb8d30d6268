using Conversation.Api.Feed;
using Conversation.Data.Conversations;
using Conversation.Data.Log;
using Conversation.Data.Messages;

namespace Conversation.Tests.Feed;

/// <summary>What many followers are told is encoded once.</summary>
[TestFixture]
internal sealed class SharedFramesTests
{
    [Test]
    public void Followers_InStep_ShareEveryFrameAndItsBytes()
    {
        var conversation = Guid.CreateVersion7();
        var message = Guid.CreateVersion7();
        var topic = new Topic(conversation);
        topic.Learn(new LogHead(conversation, 0, null, Deleted: false, null, null, null, null));
        var followers = Enumerable.Range(0, 100).Select(_ =>
        {
            var follower = new Follower(topic, new FollowOptions());
            follower.Begin(Position.Start);
            topic.Add(follower);
            return follower;
        }).ToList();
        var text = new LiveText(message, 1, attempt: 1);
        topic.Open(text);
        topic.Publish(
        [
            new LogEntry(new EventRow
            {
                ConversationId = conversation,
                Seq = 1,
                Type = EventTypes.MessageStarted,
                At = default,
                Message = new MessageRow(
                    message, conversation, 1, "assistant", "", null, MessageStatus.Streaming, null, null, default, default),
            }),
        ]);

        foreach (var piece in new[] { "", "one ", "two " })
        {
            topic.Append(text, piece);
            topic.Show(text);
            var frames = followers.Select(follower => follower.Next(out var frame) == FollowState.Frame ? frame : null).ToList();
            Assert.That(frames.Distinct().Count(), Is.EqualTo(1));
            Assert.That(frames[0], Is.Not.Null);
            Assert.That(frames[99]!.V2, Is.SameAs(frames[0]!.V2));
        }
    }
}
