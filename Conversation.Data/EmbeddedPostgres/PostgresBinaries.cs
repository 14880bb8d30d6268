using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Conversation.Data.EmbeddedPostgres;

/// <summary>The programs of one PostgreSQL installation.</summary>
internal sealed partial record PostgresBinaries(string Folder, int Major)
{
    /// <summary>The oldest major version that the schema and the statements are written for.</summary>
    public const int OldestMajor = 15;

    public string InitDb => Program(Folder, "initdb");

    public string PgCtl => Program(Folder, "pg_ctl");

    /// <summary>The installation in a folder, null where there is none that the server's account can run.</summary>
    public static async Task<PostgresBinaries?> FindAsync(string folder, CancellationToken token)
    {
        if (!File.Exists(Program(folder, "initdb")) || !File.Exists(Program(folder, "pg_ctl")))
        {
            return null;
        }

        try
        {
            var outcome = await ChildProcess.RunAsync(Program(folder, "postgres"), ["--version"], token, ServerAccount.Name);
            var version = Version().Match(outcome.Output);
            return version.Success
                ? new PostgresBinaries(folder, int.Parse(version.Groups[1].ValueSpan, CultureInfo.InvariantCulture))
                : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>PATH, then the places where packages put PostgreSQL, newest version first.</summary>
    public static IEnumerable<string> UsualFolders()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        string[] parents =
        [
            "/usr/lib/postgresql",
            "/usr/local/opt",
            "/opt/homebrew/opt",
            Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "PostgreSQL"),
        ];
        var packaged = parents
            .Where(Directory.Exists)
            .SelectMany(Directory.EnumerateDirectories)
            .Where(folder => VersionedFolder().IsMatch(Path.GetFileName(folder)))
            .OrderByDescending(folder => int.Parse(VersionedFolder().Match(Path.GetFileName(folder)).Groups[1].ValueSpan, CultureInfo.InvariantCulture))
            .Select(folder => Path.Combine(folder, "bin"));
        return [.. path, "/usr/pgsql/bin", .. packaged];
    }

    private static string Program(string folder, string name) =>
        Path.Combine(folder, OperatingSystem.IsWindows() ? $"{name}.exe" : name);

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex Version();

    [GeneratedRegex(@"^(?:postgresql@)?(\d+)(?:\.\d+)*$")]
    private static partial Regex VersionedFolder();
}
