using System.ComponentModel;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Faults;

/// <summary>
/// A disk of a few hundred MB, in memory, that can be filled. Mounting needs root, or sudo that asks nothing; skipped without, but never where
/// all is proven.
/// </summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private const int BlockBytes = 64 * 1024;

    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(100);

    private static readonly bool IsRoot = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess;

    private SmallDisk(string folder) => Folder = folder;

    public string Folder { get; }

    private string Ballast => Path.Combine(Folder, "ballast");

    public static async Task<SmallDisk> MountAsync()
    {
        var folder = Directory.CreateDirectory(TestFolders.New()).FullName;
        var outcome = await MountAsync(folder);
        if (outcome.ExitCode != 0)
        {
            Directory.Delete(folder);
            if (Environment.GetEnvironmentVariable("CI") is null)
            {
                Assert.Ignore($"A small disk cannot be mounted: {outcome.Text}");
            }

            throw new InvalidOperationException($"A small disk cannot be mounted: {outcome.Text}");
        }

        return new SmallDisk(folder);
    }

    private static async Task<ChildProcess.Outcome> MountAsync(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return new ChildProcess.Outcome(1, "", "It takes Linux.");
        }

        // Otherwise the disk is root's, and nobody else could write to it.
        var options = "size=300m,mode=755";
        if (!IsRoot)
        {
            var user = await ChildProcess.RunAsync("id", ["-u"], Patience.Token);
            options += $",uid={user.Output.Trim()}";
        }

        return await AsRootAsync("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder);
    }

    private static async Task<ChildProcess.Outcome> AsRootAsync(string program, params string[] arguments)
    {
        try
        {
            return IsRoot
                ? await ChildProcess.RunAsync(program, arguments, Patience.Token)
                : await ChildProcess.RunAsync("sudo", ["-n", program, .. arguments], Patience.Token);
        }
        catch (Win32Exception error)
        {
            return new ChildProcess.Outcome(1, "", error.Message);
        }
    }

    /// <summary>Takes what is left of it.</summary>
    public void Fill()
    {
        using var ballast = new FileStream(Ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (var size in (int[])[BlockBytes, 512])
        {
            var block = new byte[size];
            try
            {
                while (true)
                {
                    ballast.Write(block);
                }
            }
            catch (IOException)
            {
                // Full.
            }
        }
    }

    public void Free() => File.Delete(Ballast);

    public async ValueTask DisposeAsync()
    {
        // A process of the server that is just ending may still have a file open there.
        for (var patience = Patience.Token; (await AsRootAsync("umount", Folder)).ExitCode != 0;)
        {
            await Task.Delay(Again, TimeProvider.System, patience);
        }

        Directory.Delete(Folder);
    }
}
