using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Conversation.Data.EmbeddedPostgres;

/// <summary>What <c>postmaster.pid</c> says of a server: process, start and port. A killed one leaves the file behind.</summary>
internal sealed record Postmaster(int ProcessId, DateTimeOffset StartedAt, int Port)
{
    private const string FileName = "postmaster.pid";

    /// <summary>Larger than any system's process numbers.</summary>
    private const string NoProcess = "2147483647";

    /// <summary>The file has whole seconds, and so has the time of boot that the system counts a process's start from.</summary>
    private static readonly TimeSpan Rounding = TimeSpan.FromSeconds(2);

    /// <summary>Lines of the file, by PostgreSQL's <c>pidfile.h</c>: 1 process, 2 data folder, 3 start in Unix seconds, 4 port.</summary>
    public static Postmaster? Read(string dataFolder)
    {
        try
        {
            var lines = File.ReadAllLines(Path.Combine(dataFolder, FileName));
            return lines.Length >= 4
                && int.TryParse(lines[0], CultureInfo.InvariantCulture, out var process)
                && long.TryParse(lines[2], CultureInfo.InvariantCulture, out var start)
                && int.TryParse(lines[3], CultureInfo.InvariantCulture, out var port)
                ? new Postmaster(process, DateTimeOffset.FromUnixTimeSeconds(start), port)
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>
    /// Whether the process is the postmaster that wrote the file, and not a stranger that got its number later. A postmaster works in
    /// its data folder, which Linux shows; where that cannot be seen the stranger is known by its start.
    /// </summary>
    public bool IsAlive()
    {
        try
        {
            return OperatingSystem.IsLinux() ? Read($"/proc/{ProcessId}/cwd") == this : HasStartedBefore();
        }
        catch (UnauthorizedAccessException)
        {
            return HasStartedBefore();
        }
    }

    /// <summary>Whether the process was there when the file was written. The file's time and a process's start are the wall clock's.</summary>
    public bool HasStartedBefore()
    {
        try
        {
            using var process = Process.GetProcessById(ProcessId);
            return process.StartTime <= StartedAt + Rounding;
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return false;
        }
    }

    /// <summary>
    /// Makes the file of a dead postmaster harmless: PostgreSQL would not start while any process has the number in it. The other lines
    /// stay, by which PostgreSQL looks whether the dead one's children still use its memory.
    /// </summary>
    public static void Forget(string dataFolder)
    {
        var file = Path.Combine(dataFolder, FileName);
        try
        {
            var lines = File.ReadAllLines(file);
            lines[0] = NoProcess;
            File.WriteAllLines(file, lines);
        }
        catch (FileNotFoundException)
        {
            // It was just stopping, and took the file away itself.
        }
    }
}
