using Conversation.Api.Feed;
using Conversation.Data.Conversations;
using Conversation.Data.Log;

namespace Conversation.Tests.Feed;

/// <summary>Thousands of silent followers cost little only if nothing wakes them without a reason.</summary>
[TestFixture]
internal sealed class WakingTests
{
    private static readonly Guid Owner = Guid.CreateVersion7();
    private static readonly LogHead Look = new(Guid.CreateVersion7(), 3, Owner, Deleted: false, null, null, null, null);

    private static IEnumerable<TestCaseData> News() =>
    [
        new TestCaseData(Look with { OwnerId = Guid.CreateVersion7() }).SetArgDisplayNames("another owner"),
        new TestCaseData(Look with { Deleted = true }).SetArgDisplayNames("deleted"),
        new TestCaseData(Look with
        {
            StreamingMessageId = Guid.CreateVersion7(), StreamingSeq = 3, StreamingAttempt = 1, StreamingKeep = 0,
        }).SetArgDisplayNames("text of another node"),
    ];

    [Test]
    public void Learn_WithoutNews_WakesNobody()
    {
        var (topic, follower) = Follow();
        topic.Learn(Look);
        topic.Learn(Look with { LastSeq = 5 });
        topic.Publish([]);
        Assert.That(IsOver(follower.WaitAsync()), Is.False);
    }

    [TestCaseSource(nameof(News))]
    public void Learn_WithNews_Wakes(LogHead news)
    {
        var (topic, follower) = Follow();
        topic.Learn(news);
        Assert.That(IsOver(follower.WaitAsync()), Is.True);
    }

    [Test]
    public void Learn_ForTheFirstTime_Wakes()
    {
        var topic = new Topic(Look.ConversationId);
        var follower = new Follower(topic, new FollowOptions());
        topic.Add(follower);
        topic.Learn(Look);
        Assert.That(IsOver(follower.WaitAsync()), Is.True);
    }

    /// <summary>The look at the heads may be quicker than the read of the events.</summary>
    [Test]
    public void Learn_OfTheEndBeforeItsEvent_EndsAfterTheEvent()
    {
        var (topic, follower) = Follow();
        topic.Learn(Look with { LastSeq = 4, Deleted = true });
        Assert.That(follower.Next(out _), Is.EqualTo(FollowState.Idle));

        topic.Publish([new LogEntry(new EventRow { ConversationId = Look.ConversationId, Seq = 4, Type = EventTypes.ConversationDeleted, At = default })]);
        Assert.That(follower.Next(out var frame), Is.EqualTo(FollowState.Frame));
        Assert.That(frame, Is.InstanceOf<EventFrame>());
        Assert.That(follower.Next(out _), Is.EqualTo(FollowState.Ended));
    }

    [Test]
    public void Learn_ThatNothingIsLeftOfIt_Ends()
    {
        var (topic, follower) = Follow();
        topic.Learn(Look with { LastSeq = 4, Deleted = true });
        topic.Learn(LogHead.Gone(Look.ConversationId));
        Assert.That(follower.Next(out _), Is.EqualTo(FollowState.Ended));
    }

    /// <summary>One that has seen the first look. A wake-up that comes before its wait is remembered.</summary>
    private static (Topic Topic, Follower Follower) Follow()
    {
        var topic = new Topic(Look.ConversationId);
        topic.Learn(Look);
        var follower = new Follower(topic, new FollowOptions());
        topic.Add(follower);
        follower.Begin(new Position(3));
        return (topic, follower);
    }

    private static bool IsOver(ValueTask wait) => wait.IsCompleted;
}
