using Conversation.Data.EmbeddedPostgres;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.EmbeddedPostgres;

/// <summary>What stands in the way of a start is said as it is.</summary>
[TestFixture]
internal sealed class ReasonTests : EmbeddedPostgresFixture
{
    [Test]
    public async Task StartAsync_LockCannotBeMade_IsNotTakenForAnOwner()
    {
        var folder = NewFolder();
        Directory.CreateDirectory(Path.Combine(folder, "owner.lock"));

        var error = (await Assert.ThrowsAsync<EmbeddedPostgresException>(
            () => EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token)))!;

        Assert.That(error.Message, Does.Contain("owner.lock").And.Not.Contain("Another process"));
    }

    [Test]
    public async Task StartAsync_LockPointsNowhere_IsNotTakenForAnOwner()
    {
        var folder = NewFolder();
        Directory.CreateDirectory(folder);
        File.CreateSymbolicLink(Path.Combine(folder, "owner.lock"), Path.Combine(folder, "nowhere", "owner.lock"));

        var error = (await Assert.ThrowsAsync<EmbeddedPostgresException>(
            () => EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token)))!;

        Assert.That(error.Message, Does.Contain("owner.lock").And.Not.Contain("Another process"));
    }

    [Test]
    public async Task StartAsync_FolderIsAFile_SaysSo()
    {
        var folder = NewFolder();
        await File.WriteAllTextAsync(folder, "");
        try
        {
            var error = (await Assert.ThrowsAsync<EmbeddedPostgresException>(
                () => EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token)))!;

            Assert.That(error.Message, Does.Contain(folder).And.Not.Contain("Another process"));
        }
        finally
        {
            File.Delete(folder);
        }
    }

    [Test]
    public async Task StartAsync_UnreadableVersion_SaysSo()
    {
        var folder = NewFolder();
        Directory.CreateDirectory(Path.Combine(folder, "data"));
        await File.WriteAllTextAsync(Path.Combine(folder, "data", "PG_VERSION"), "nonsense");

        var error = (await Assert.ThrowsAsync<EmbeddedPostgresException>(
            () => EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token)))!;

        Assert.That(error.Message, Does.Contain(folder).And.Contain("nonsense"));
    }
}
