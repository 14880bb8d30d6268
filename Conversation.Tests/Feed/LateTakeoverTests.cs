using Conversation.Api.AgentRuns;
using Conversation.Api.Feed;
using Conversation.Data.Checkpoints;
using Conversation.Data.Conversations;
using Conversation.Data.Log;
using Conversation.Data.Messages;
using Conversation.Tests.Infrastructure;
using Microsoft.Extensions.Logging.Abstractions;

namespace Conversation.Tests.Feed;

/// <summary>Readers that cannot take text back, while an answer goes from node to node.</summary>
[TestFixture]
internal sealed class LateTakeoverTests
{
    private const long Started = 14;

    private readonly Guid _conversation = Guid.CreateVersion7();
    private readonly Guid _message = Guid.CreateVersion7();

    /// <summary>The reply to a takeover comes when its lease has run out, and yet another node has ended the answer.</summary>
    [Test]
    public async Task Takeover_ReplyAfterTheEnd_TellsNothingAgain()
    {
        var feed = new ConversationFeed(null!, null!, null!, null!, null!);
        var (topic, follower) = Begin(feed.Hold(_conversation));
        topic.TakeForeign(new StoredChunk(_message, 1, 0, "kept"));
        topic.Publish(
        [
            Entry(15, EventTypes.RunStarted, MessageStatus.Interrupted, "kept", attempt: 3, keep: 4),
            Entry(16, EventTypes.MessageInterrupted, MessageStatus.Interrupted, "kept", attempt: 3, keep: 4),
        ]);
        var told = Drain(follower);
        var time = new JumpingTime();
        var lease = new RunLease(_conversation, Guid.CreateVersion7(), attempt: 2, time.GetTimestamp(), time);
        time.Advance(TimeSpan.FromSeconds(7));
        var checkpoints = new CheckpointWriter(null!, null!, time, null!, NullLogger<CheckpointWriter>.Instance);
        await using var answer = new RunAnswer(lease, null!, feed, checkpoints, new RunOptions(), time);

        answer.Continue(new TakenAnswer(new TakenRun(2, Started, 2, 4, null), _message, "kept", "token"));

        Assert.Multiple(() =>
        {
            Assert.That(told, Does.Contain("kept"));
            Assert.That(Drain(follower), Is.Empty);
        });
    }

    /// <summary>What was shown went with its node, what came instead is shorter, and then the agent's last word differed too.</summary>
    [Test]
    public void Takeover_ThenRewrittenAtItsEnd_BeginsAnew()
    {
        var (topic, follower) = Begin(new Topic(_conversation));
        topic.TakeForeign(new StoredChunk(_message, 1, 0, "common-lost with its node"));
        var told = Drain(follower);
        topic.Publish([Entry(15, EventTypes.RunStarted, MessageStatus.Streaming, "", attempt: 2, keep: 7)]);
        topic.TakeForeign(new StoredChunk(_message, 2, 0, "common-new text"));

        topic.Publish([Entry(16, EventTypes.MessageCompleted, MessageStatus.Completed, "common-new word", attempt: 3, keep: 7, """{"rewritten": true}""")]);

        Assert.Multiple(() =>
        {
            Assert.That(told, Is.EqualTo((string[])["common-lost with its node"]));
            Assert.That(Drain(follower), Does.Contain(nameof(RestartFrame)));
        });
    }

    /// <summary>It stood still with half of the text, and comes to the end when that has been edited.</summary>
    [TestCase("another text, and a longer one")]
    [TestCase("short")]
    public void Edit_OfATextThatWasShownInPart_BeginsAnew(string edited)
    {
        var (topic, follower) = Begin(new Topic(_conversation));
        topic.TakeForeign(new StoredChunk(_message, 1, 0, "the first half"));
        Drain(follower);

        topic.Publish([Entry(15, EventTypes.MessageCompleted, MessageStatus.Completed, edited, attempt: 1, keep: 0)]);

        Assert.That(Drain(follower), Is.EqualTo((string[])[nameof(RestartFrame)]));
    }

    [Test]
    public void End_BehindATextThatWasShownInPart_TellsTheRest()
    {
        var (topic, follower) = Begin(new Topic(_conversation));
        topic.TakeForeign(new StoredChunk(_message, 1, 0, "the first half"));
        Drain(follower);

        topic.Publish([Entry(15, EventTypes.MessageCompleted, MessageStatus.Completed, "the first half, the second", attempt: 1, keep: 0)]);

        Assert.That(Drain(follower), Is.EqualTo((string[])[", the second", nameof(EventFrame)]));
    }

    private (Topic Topic, Follower Follower) Begin(Topic topic)
    {
        topic.Learn(new LogHead(_conversation, Started, OwnerId: null, Deleted: false, _message, Started, 1, 0));
        var follower = new Follower(topic, new FollowOptions { CanTakeBack = false, TextInEvents = false });
        topic.Add(follower);
        follower.Begin(new Position(Started));
        return (topic, follower);
    }

    /// <summary>The text of ranges, and the names of other frames.</summary>
    private static List<string> Drain(Follower follower)
    {
        var frames = new List<string>();
        while (follower.Next(out var frame) == FollowState.Frame)
        {
            frames.Add(frame is DeltaFrame delta ? delta.Range.Text.ToString() : frame!.GetType().Name);
        }

        return frames;
    }

    private LogEntry Entry(long seq, string type, string status, string content, int attempt, int keep, string? data = null) => new(new EventRow
    {
        ConversationId = _conversation,
        Seq = seq,
        Type = type,
        At = default,
        Data = data,
        Message = new MessageRow(_message, _conversation, Started, "assistant", content, null, status, null, null, default, default)
        {
            Attempt = attempt,
            Keep = keep,
        },
    });
}
