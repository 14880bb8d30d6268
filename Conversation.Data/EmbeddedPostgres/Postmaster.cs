using System.Globalization;

namespace Conversation.Data.EmbeddedPostgres;

/// <summary>What <c>postmaster.pid</c> says of a running server: process and port.</summary>
internal sealed record Postmaster(int ProcessId, int Port)
{
    /// <summary>Lines of the file, by PostgreSQL's <c>pidfile.h</c>: 1 process, 2 data folder, 4 port.</summary>
    public static Postmaster? Read(string dataFolder)
    {
        try
        {
            var lines = File.ReadAllLines(Path.Combine(dataFolder, "postmaster.pid"));
            return lines.Length >= 4
                && int.TryParse(lines[0], CultureInfo.InvariantCulture, out var process)
                && int.TryParse(lines[3], CultureInfo.InvariantCulture, out var port)
                ? new Postmaster(process, port)
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
