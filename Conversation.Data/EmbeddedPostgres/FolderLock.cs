namespace Conversation.Data.EmbeddedPostgres;

/// <summary>One live owner per folder. The kernel frees the lock when its holder dies, however it dies.</summary>
internal sealed class FolderLock : IDisposable
{
    /// <summary>The error of a file that another holds: Windows' own number, elsewhere errno's EWOULDBLOCK.</summary>
    private static readonly int Taken = OperatingSystem.IsWindows() ? unchecked((int)0x80070020) : OperatingSystem.IsLinux() ? 11 : 35;

    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>Null where another process holds it.</summary>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder is not ours to write.</exception>
    public static FolderLock? TryTake(string folder)
    {
        try
        {
            return new FolderLock(new FileStream(
                Path.Combine(folder, "owner.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException error) when (error.HResult == Taken)
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();
}
