using System.Text;
using Conversation.Api.Feed;

namespace Conversation.Tests.Feed;

[TestFixture]
internal sealed class FrameBufferTests
{
    [Test]
    public void Encode_WithinAnotherAndAfterAFailure_MixesNothing()
    {
        var inner = "";
        var outer = Word("outer", () => inner = Word("inner"));
        Assert.Throws<InvalidOperationException>(() => Word("broken", () => throw new InvalidOperationException()));

        Assert.That((outer, inner, Word("next")), Is.EqualTo(("""["outer"]""", """["inner"]""", """["next"]""")));
    }

    [Test]
    public void Encode_OfARange_AllocatesLittleMoreThanItsBytes()
    {
        var range = new LiveRange(7, Guid.CreateVersion7(), 1, 1000, 0, "word00001 ".AsMemory());
        var position = new Position(7, range.MessageId, 1, 1010);
        var length = new DeltaFrame(range, position).V2.Length;

        var before = GC.GetAllocatedBytesForCurrentThread();
        _ = new DeltaFrame(range, position).V2;
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(allocated, Is.LessThan(length + 700), "The bytes, the frame, and its position as text.");
    }

    private static string Word(string word, Action? within = null) => Encoding.UTF8.GetString(FrameBuffer.Encode(word, (writer, text) =>
    {
        writer.WriteStartArray();
        writer.WriteStringValue(text);
        within?.Invoke();
        writer.WriteEndArray();
    }));
}
