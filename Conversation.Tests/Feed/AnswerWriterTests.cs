using Conversation.Api.Feed;
using Conversation.Data.Conversations;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Feed;

/// <summary>A producer between two renewals of its lease.</summary>
[TestFixture]
internal sealed class AnswerWriterTests
{
    [Test]
    public async Task Text_WrittenWhileTheLeaseWasInDoubt_IsShownWhenItIsBack()
    {
        var conversation = Guid.CreateVersion7();
        var feed = new ConversationFeed(null!, null!, null!, null!, null!);
        var topic = feed.Hold(conversation);
        topic.Learn(new LogHead(conversation, 1, null, Deleted: false, null, null, null, null));
        var follower = new Follower(topic, new FollowOptions());
        follower.Begin(new Position(1));
        topic.Add(follower);
        var maySpeak = false;
        using var writer = new AnswerWriter(
            feed, conversation, new LiveText(Guid.CreateVersion7(), 1, attempt: 1), TimeSpan.FromMilliseconds(1), TimeProvider.System, () => Volatile.Read(ref maySpeak));

        writer.Append("The last that the agent says for long.");
        var before = follower.Next(out _);
        Volatile.Write(ref maySpeak, true);

        FeedFrame? frame;
        while (follower.Next(out frame) != FollowState.Frame)
        {
            await follower.WaitAsync().AsTask().OrTimeout();
        }

        Assert.That(before, Is.EqualTo(FollowState.Idle));
        Assert.That(((DeltaFrame)frame!).Range.Text.ToString(), Is.EqualTo("The last that the agent says for long."));
    }
}
