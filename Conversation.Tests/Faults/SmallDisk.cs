using Conversation.Data.EmbeddedPostgres;
using Conversation.Tests.Infrastructure;

namespace Conversation.Tests.Faults;

/// <summary>A disk of a few hundred MB, in memory, that can be filled. Mounting needs root; skipped without, but never where all is proven.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private const int BlockBytes = 64 * 1024;

    private SmallDisk(string folder) => Folder = folder;

    public string Folder { get; }

    private string Ballast => Path.Combine(Folder, "ballast");

    public static async Task<SmallDisk> MountAsync()
    {
        var folder = Directory.CreateDirectory(TestFolders.New()).FullName;
        var outcome = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess
            ? await ChildProcess.RunAsync("mount", ["-t", "tmpfs", "-o", "size=300m,mode=755", "tmpfs", folder], Patience.Token)
            : new ChildProcess.Outcome(1, "", "It takes root on Linux.");
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
        await ChildProcess.RunAsync("umount", [Folder], Patience.Token);
        Directory.Delete(Folder);
    }
}
