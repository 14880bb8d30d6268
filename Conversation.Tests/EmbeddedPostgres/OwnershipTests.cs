using System.Diagnostics;
using System.Globalization;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.EmbeddedPostgres;

/// <summary>What belongs to another process is neither made nor stopped.</summary>
[TestFixture]
internal sealed class OwnershipTests : EmbeddedPostgresFixture
{
    [Test]
    public async Task StartOrJoinAsync_BesideTheFirstStart_JoinsWhatTheOwnerMakes()
    {
        var folder = NewFolder();
        var making = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var owning = EmbeddedPostgresServer.StartAsync(Options(folder) with { Progress = _ => making.TrySetResult() }, Patience.Token);
        await making.Task.OrTimeout();

        await using var guest = await EmbeddedPostgresServer.StartOrJoinAsync(Options(folder), Patience.Token);
        await using var owner = await owning;

        await MarkAsync(owner, "shared");
        Assert.That((await MarkOfAsync(guest), guest.Major), Is.EqualTo(("shared", owner.Major)));
    }

    [Test]
    public async Task StartOrJoinAsync_OwnerStops_BecomesTheOwner()
    {
        var folder = NewFolder();
        var lease = await TakeAsync(folder);

        var joining = EmbeddedPostgresServer.StartOrJoinAsync(Options(folder), Patience.Token);
        lease.Dispose();
        await using var server = await joining;

        await MarkAsync(server, "own");
        Assert.That(await MarkOfAsync(server), Is.EqualTo("own"));
    }

    [Test]
    public async Task StartOrJoinAsync_OwnersServerRefuses_IsLeftRunning()
    {
        var folder = NewFolder();
        await using var owner = await EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token);
        await MarkAsync(owner, "untouched");
        await File.WriteAllTextAsync(Path.Combine(folder, "password"), "wrong");

        using var impatient = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        Assert.That(
            async () => await EmbeddedPostgresServer.StartOrJoinAsync(Options(folder), impatient.Token),
            Throws.InstanceOf<OperationCanceledException>());

        Assert.That(await MarkOfAsync(owner), Is.EqualTo("untouched"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Start_ServerRecovers_IsWaitedFor(bool asOwner)
    {
        var folder = NewFolder();
        await RecoverAsync(folder);
        var postmaster = Postmaster.Read(Data(folder));
        using var lease = asOwner ? null : await TakeAsync(folder);

        var starting = asOwner
            ? EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token)
            : EmbeddedPostgresServer.StartOrJoinAsync(Options(folder), Patience.Token);
        await RefusedAsync(folder);
        await PgCtlAsync("promote", "-D", Data(folder));

        await using var server = await starting;
        Assert.That(await MarkOfAsync(server), Is.EqualTo("recovered"));
        Assert.That(Postmaster.Read(Data(folder)), Is.EqualTo(postmaster), "It was started anew.");
    }

    [Test]
    public async Task StartAsync_EndedWhileTheServerRecovers_StopsIt()
    {
        var folder = NewFolder();
        await RecoverAsync(folder);

        using var end = new CancellationTokenSource();
        var starting = EmbeddedPostgresServer.StartAsync(Options(folder), end.Token);
        await RefusedAsync(folder);
        await end.CancelAsync();

        Assert.That(async () => await starting, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Postmaster.Read(Data(folder)), Is.Null);
    }

    [Test]
    public async Task StartAsync_StrangerHasTheNumberOfADeadPostmaster_LeavesItAlone()
    {
        var folder = NewFolder();
        string[] left;
        await using (var first = await EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token))
        {
            await MarkAsync(first, "kept");
            left = await File.ReadAllLinesAsync(PidFile(folder));
        }

        var start = new ProcessStartInfo("sleep", ["300"]);
        if (ServerAccount.Name is { } account)
        {
            start.UserName = account;
        }

        using var stranger = Process.Start(start)!;
        try
        {
            left[0] = stranger.Id.ToString(CultureInfo.InvariantCulture);
            await File.WriteAllLinesAsync(PidFile(folder), left);

            await using var second = await EmbeddedPostgresServer.StartAsync(Options(folder), Patience.Token);

            Assert.That(await MarkOfAsync(second), Is.EqualTo("kept"));
            Assert.That(stranger.HasExited, Is.False);
        }
        finally
        {
            stranger.Kill();
        }
    }

    /// <summary>What tells a stranger where its folder is not shown.</summary>
    [TestCase(0, true)]
    [TestCase(-60, false)]
    public void HasStartedBefore_WrittenSoLongAfterTheStart_IsTheSame(int seconds, bool same)
    {
        using var process = Process.GetCurrentProcess();
        var postmaster = new Postmaster(process.Id, new DateTimeOffset(process.StartTime).AddSeconds(seconds), Port: 0);

        Assert.That(postmaster.HasStartedBefore(), Is.EqualTo(same));
    }

    private static async Task<FolderLock> TakeAsync(string folder)
    {
        await ServerAccount.CreateFolderAsync(folder, Patience.Token);
        return FolderLock.TryTake(folder)!;
    }
}
