using Conversation.Api.Feed;
using Conversation.Data.Conversations;

namespace Conversation.Tests.Feed;

/// <summary>A node that generates a text which nobody here follows, and then somebody comes.</summary>
[TestFixture]
internal sealed class FirstLookTests
{
    private const long Started = 5;

    private readonly Guid _conversation = Guid.CreateVersion7();
    private readonly Guid _message = Guid.CreateVersion7();

    /// <summary>The end is committed, but its reply is still on its way, as it is for seconds while the database restarts.</summary>
    [Test]
    public void Learn_TextHasEndedMeanwhile_IsNotToldAgain()
    {
        var topic = Topic();

        topic.Learn(Look(Started + 2, streaming: null));

        Assert.That(Read(topic, new Position(Started + 2)), Is.Null);
    }

    [Test]
    public void Learn_TextIsStillGenerated_IsToldFromWhereTheReaderIs()
    {
        var topic = Topic();

        topic.Learn(Look(Started + 2, streaming: _message));

        Assert.That(Read(topic, new Position(Started + 2, _message, 1, 3)), Is.TypeOf<DeltaFrame>().With.Property("Position")
            .EqualTo(new Position(Started + 2, _message, 1, 5)));
    }

    /// <summary>A look that was taken before the text was started knows nothing of it.</summary>
    [Test]
    public void Learn_LookIsOlderThanTheText_KeepsIt()
    {
        var topic = Topic();

        topic.Learn(Look(Started - 1, streaming: null));

        Assert.That(topic.Text?.MessageId, Is.EqualTo(_message));
    }

    private Topic Topic()
    {
        var topic = new Topic(_conversation);
        var text = new LiveText(_message, Started, attempt: 1);
        topic.Open(text);
        topic.Append(text, "Hello");
        topic.Show(text);
        return topic;
    }

    private static FeedFrame? Read(Topic topic, Position position)
    {
        var follower = new Follower(topic, new FollowOptions());
        follower.Begin(position);
        follower.Next(out var frame);
        return frame;
    }

    private LogHead Look(long seq, Guid? streaming) => new(
        _conversation, seq, OwnerId: null, Deleted: false, streaming, streaming is null ? null : Started, streaming is null ? null : 1,
        streaming is null ? null : 0);
}
