using Conversation.Api.Feed;
using Conversation.Data.Conversations;
using Conversation.Data.Log;
using Conversation.Data.Messages;

namespace Conversation.Tests.Feed;

/// <summary>What was read of an earlier answer arrives when this node already writes the next one.</summary>
[TestFixture]
internal sealed class OwnTextTests
{
    private readonly Guid _conversation = Guid.CreateVersion7();
    private readonly Guid _earlier = Guid.CreateVersion7();
    private readonly Guid _later = Guid.CreateVersion7();

    [Test]
    public void Publish_LatePageOfAnEarlierAnswer_KeepsTheOwnText()
    {
        var topic = new Topic(_conversation);
        topic.Learn(Look(13, streaming: null));
        var own = new LiveText(_later, 17, attempt: 1);
        topic.Open(own);

        topic.Publish([Entry(14, EventTypes.MessageStarted, _earlier, 14)]);
        topic.Publish([Entry(15, EventTypes.MessageCompleted, _earlier, 14), Entry(16, EventTypes.RunCompleted, null, 0)]);
        topic.Publish([Entry(17, EventTypes.MessageStarted, _later, 17)]);

        Assert.That(topic.Text, Is.SameAs(own));
    }

    [Test]
    public void Learn_LateLookAtAnEarlierAnswer_KeepsTheOwnText()
    {
        var topic = new Topic(_conversation);
        topic.Learn(Look(14, streaming: null));
        var own = new LiveText(_later, 17, attempt: 1);
        topic.Open(own);

        topic.Learn(Look(14, streaming: _earlier));

        Assert.That(topic.Text, Is.SameAs(own));
    }

    /// <summary>The commit that begins an answer is heard of so late that another node has ended it, and the next one is on its way.</summary>
    [Test]
    public void Open_EarlierThanWhatIsKnown_IsNotShown()
    {
        var topic = new Topic(_conversation);
        topic.Learn(Look(16, streaming: null));
        topic.Publish([Entry(17, EventTypes.MessageStarted, _later, 17)]);

        topic.Open(new LiveText(_earlier, 14, attempt: 1));

        Assert.That(topic.Text?.MessageId, Is.EqualTo(_later));
    }

    private LogHead Look(long seq, Guid? streaming) => new(
        _conversation, seq, OwnerId: null, Deleted: false, streaming, streaming is null ? null : 14, streaming is null ? null : 1,
        streaming is null ? null : 0);

    private LogEntry Entry(long seq, string type, Guid? message, long messageSeq) => new(new EventRow
    {
        ConversationId = _conversation,
        Seq = seq,
        Type = type,
        At = default,
        Message = message is { } id
            ? new MessageRow(id, _conversation, messageSeq, "assistant", "", null, MessageStatus.Streaming, null, null, default, default)
            : null,
    });
}
