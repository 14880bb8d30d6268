using Conversation.Data.EmbeddedPostgres;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.EmbeddedPostgres;

/// <summary>Root's server runs as another account, which must get at everything that it needs.</summary>
[TestFixture]
internal sealed class RootTests : EmbeddedPostgresFixture
{
    [SetUp]
    public void Require()
    {
        if (ServerAccount.Name is null)
        {
            Assert.Ignore("It takes root, and another system than Windows.");
        }
    }

    [Test]
    public async Task StartAsync_FolderOfRoot_Serves()
    {
        var folder = NewFolder();
        Directory.CreateDirectory(folder);

        await using var server = await EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token);

        await MarkAsync(server, "served");
        Assert.That(new FileInfo(Path.Combine(folder, "server.log")).Length, Is.Positive);
    }

    [Test]
    public async Task StartAsync_BinariesOutOfReach_ArePassedOver()
    {
        var installed = await new PostgresBinariesLocator(Options(NewFolder())).LocateAsync(dataMajor: null, Patience.Token);
        var home = NewFolder();
        Directory.CreateDirectory(home);
        await ChildProcess.RunAsync("chmod", ["700", home], Patience.Token);
        foreach (var program in new[] { "initdb", "pg_ctl", "postgres" })
        {
            File.CreateSymbolicLink(Path.Combine(home, program), Path.Combine(installed.Folder, program));
        }

        var options = Options(NewFolder()) with { SearchFolders = [home, installed.Folder], Npm = null };
        await using var server = await EmbeddedPostgresServer.StartAsync(options, Patience.Token);

        Assert.That(server.Major, Is.EqualTo(installed.Major));
    }

    [Test]
    public async Task Init_StrictUmask_MakesFoldersThatTheAccountCanEnter()
    {
        var top = NewFolder();
        var start = $"umask 077; CONVERSATION_SERVICE_ENV_FILE={top}.env CONVERSATION_SERVICE_POSTGRES_DATA={top}/deep/down exec dotnet \"$0\" init";

        var outcome = await ChildProcess.RunAsync(
            "sh", ["-c", start, Path.Combine(AppContext.BaseDirectory, "Conversation.Migrations.dll")], Patience.Token, folder: Checkout.Root);

        Assert.That(outcome.ExitCode, Is.Zero, outcome.Text);
    }
}
