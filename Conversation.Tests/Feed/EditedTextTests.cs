using Conversation.Api.Feed;
using Conversation.Data.Conversations;
using Conversation.Data.Log;
using Conversation.Data.Messages;

namespace Conversation.Tests.Feed;

/// <summary>A reader who comes back with a place in a text that was edited since.</summary>
[TestFixture]
internal sealed class EditedTextTests
{
    [Test]
    public void Resume_WhereThereIsAPairNow_DoesNotSplitIt()
    {
        var follower = ComingBack(offset: 3, "ab\U0001F642cd", attempt: 1, keep: 0);

        follower.Next(out var frame);

        Assert.That(((DeltaFrame)frame!).Range.Text.ToString(), Is.EqualTo("\U0001F642cd"));
    }

    /// <summary>A new attempt had kept more than the text has now.</summary>
    [Test]
    public void Resume_WhereTheTextIsShorterThanWhatWasKept_TakesTheRestBack()
    {
        var follower = ComingBack(offset: 120, "short text", attempt: 2, keep: 100);

        follower.Next(out var frame);

        var range = ((DeltaFrame)frame!).Range;
        Assert.That((range.From, range.Text.Length, range.Attempt), Is.EqualTo((10, 0, 2)));
        Assert.That(follower.Next(out frame), Is.EqualTo(FollowState.Frame));
        Assert.That(frame, Is.InstanceOf<EventFrame>());
    }

    /// <summary>To the end of a message, with so much of its first attempt's text.</summary>
    private static Follower ComingBack(int offset, string content, int attempt, int keep)
    {
        var conversation = Guid.CreateVersion7();
        var message = Guid.CreateVersion7();
        var topic = new Topic(conversation);
        topic.Learn(new LogHead(conversation, 2, null, Deleted: false, null, null, null, null));
        var follower = new Follower(topic, new FollowOptions());
        follower.Begin(new Position(1, message, 1, offset));
        follower.Take(
        [
            new LogEntry(new EventRow
            {
                ConversationId = conversation,
                Seq = 2,
                Type = EventTypes.MessageCompleted,
                At = default,
                Message = new MessageRow(
                    message, conversation, 1, "assistant", content, null, MessageStatus.Completed, "stop", null, default, default)
                {
                    Attempt = attempt,
                    Keep = keep,
                },
            }),
        ]);
        return follower;
    }
}
