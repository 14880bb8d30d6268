using Conversation.Data.EmbeddedPostgres;

namespace Conversation.Tests.EmbeddedPostgres;

/// <summary>Servers that are started beside each other get ports of their own before any of them listens.</summary>
[TestFixture]
internal sealed class FreePortTests
{
    [Test]
    public void Find_BeforeAnybodyListens_AnotherPortEachTime()
    {
        var ports = Enumerable.Range(0, 1_000).AsParallel().Select(_ => FreePort.Find()).ToArray();

        Assert.That(ports, Is.Unique);
        Assert.That(ports, Is.All.InRange(10_000, 32_767));
    }
}
