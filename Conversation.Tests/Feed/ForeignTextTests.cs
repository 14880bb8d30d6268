using Conversation.Api.Feed;
using Conversation.Data.Checkpoints;
using Conversation.Data.Conversations;
using Conversation.Data.Log;
using Conversation.Data.Messages;

namespace Conversation.Tests.Feed;

/// <summary>A node that only watches, while a run goes from one other node to the next.</summary>
[TestFixture]
internal sealed class ForeignTextTests
{
    private readonly Guid _conversation = Guid.CreateVersion7();
    private readonly Guid _message = Guid.CreateVersion7();

    [TestCase(10, 4, TestName = "Takeover_LessWasSeenThanIsKept_GoesOnHere")]
    [TestCase(4, 10, TestName = "Takeover_LessIsKeptThanByTheLastOne_GoesOnHere")]
    public void TakeOver_WhereTheCommonPartIsNoWholeCheckpoint_GoesOnHere(int keep, int seen)
    {
        const string Kept = "0123456789";
        var topic = new Topic(_conversation);
        topic.Learn(new LogHead(_conversation, 0, null, Deleted: false, null, null, null, null));
        topic.Publish([Entry(1, EventTypes.MessageStarted, attempt: 1, keep: 0)]);
        Read(topic, new StoredChunk(_message, 1, 0, Kept[..seen]));

        topic.Publish([Entry(2, EventTypes.RunStarted, attempt: 2, keep)]);
        Read(topic, new StoredChunk(_message, 2, 0, Kept));
        Read(topic, new StoredChunk(_message, 2, 0, Kept), new StoredChunk(_message, 2, Kept.Length, "and on"));

        Assert.That(topic.Text!.Slice(0, topic.Text.Visible).ToString(), Is.EqualTo("0123456789and on"));
    }

    /// <summary>As the reader of the log does it: chunks that begin at or behind what is there.</summary>
    private static void Read(Topic topic, params StoredChunk[] stored)
    {
        foreach (var chunk in stored.Where(chunk => chunk.FromOffset >= topic.Text!.Length).ToList())
        {
            topic.TakeForeign(chunk);
        }
    }

    private LogEntry Entry(long seq, string type, int attempt, int keep) => new(new EventRow
    {
        ConversationId = _conversation,
        Seq = seq,
        Type = type,
        At = default,
        Message = new MessageRow(
            _message, _conversation, 1, "assistant", "", null, MessageStatus.Streaming, null, null, default, default)
        {
            Attempt = attempt,
            Keep = keep,
        },
    });
}
