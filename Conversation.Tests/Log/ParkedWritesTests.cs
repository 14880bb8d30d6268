using Conversation.Data.Access;
using Conversation.Data.Log;

namespace Conversation.Tests.Log;

/// <summary>Writes that wait for a conversation which somebody holds.</summary>
[TestFixture]
internal sealed class ParkedWritesTests
{
    private static readonly Guid Busy = Guid.CreateVersion7();

    [Test]
    public void Take_OfAFreeConversation_TakesAllThatOneStatementMayJudge()
    {
        var parked = new ParkedWrites();
        var items = new[] { Write("a"), Write(key: null), Write(key: null), Write("b"), Write("a"), Write("c") };
        Assert.That(items.All(parked.TryPark));

        Assert.That(parked.Take(new HashSet<Guid> { Busy }, most: 3), Is.EqualTo(items[..3]));
        Assert.That(parked.Take(new HashSet<Guid> { Busy }, most: 256), Is.EqualTo(items[3..]));
        Assert.That(parked.IsEmpty);
    }

    [Test]
    public void Take_SameKeyTwice_LeavesTheSecondForTheNextBatch()
    {
        var parked = new ParkedWrites();
        var items = new[] { Write("a"), Write("a"), Write(key: null) };
        Assert.That(items.All(parked.TryPark));

        Assert.That(parked.Take(new HashSet<Guid> { Busy }, most: 256), Is.EqualTo(items[..1]));
        Assert.That(parked.Take(new HashSet<Guid> { Busy }, most: 256), Is.EqualTo(items[1..]));
    }

    [Test]
    public void Take_OfAHeldConversation_TakesNothing()
    {
        var parked = new ParkedWrites();
        parked.TryPark(Write("a"));

        Assert.That(parked.Take(new HashSet<Guid>(), most: 256), Is.Empty);
        Assert.That(parked.HasWaiting(Busy));
    }

    private static LogItem Write(string? key) => new AppendMessage
    {
        ConversationId = Busy,
        Caller = Caller.Service,
        MessageId = Guid.CreateVersion7(),
        Role = "system",
        Content = "text",
        Key = key is null ? null : new SendKey(key, []),
    }.ToItem();
}
