using System.Text;
using System.Text.RegularExpressions;
using Conversation.Data.Postgres;

namespace Conversation.Migrations.Bootstrap;

/// <summary>
/// Sets variables in a file of variables: other lines, comments and their order stay, and a reader sees the old file or the new one,
/// never half of it. The file is readable by its owner alone.
/// </summary>
internal static partial class EnvFileWriter
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <exception cref="BootstrapException">A file cannot be made beside it.</exception>
    public static void RequireWritable(string path)
    {
        try
        {
            var probe = Beside(Target(path));
            Create(probe, "");
            File.Delete(probe);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BootstrapException($"The credentials could not be kept, because {path} cannot be written: {error.Message}");
        }
    }

    /// <summary>Sets each variable where it stands, or at the end.</summary>
    /// <exception cref="IOException">It cannot be written; nothing is left beside it.</exception>
    /// <exception cref="UnauthorizedAccessException">As before: it is not ours to write.</exception>
    public static void Write(string path, IReadOnlyList<(string Name, string Value)> variables)
    {
        var target = Target(path);
        var text = File.Exists(target) ? File.ReadAllText(target) : "";
        foreach (var (name, value) in variables)
        {
            text = Set(text, name, value);
        }

        var scratch = Beside(target);
        try
        {
            Create(scratch, text);
            Replace(target, scratch, text);
        }
        catch
        {
            File.Delete(scratch);
            throw;
        }
    }

    private static void Replace(string target, string scratch, string text)
    {
        try
        {
            File.Move(scratch, target, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A file that is mounted by itself, as containers do, cannot be replaced, only written.
            File.WriteAllText(target, text);
            File.Delete(scratch);
        }
    }

    /// <summary>The text with one variable set.</summary>
    internal static string Set(string text, string name, string value)
    {
        var newLine = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var assignment = $"{name}={Quote(value)}";
        var replaced = false;
        var set = Line().Replace(text, line =>
        {
            if (!line.Groups["name"].Value.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return line.Value;
            }

            replaced = true;
            return $"{line.Groups["lead"].Value}{assignment}{line.Groups["comment"].Value}";
        });
        if (replaced)
        {
            return set;
        }

        var gap = text.Length == 0 || text.EndsWith('\n') ? "" : newLine;
        return $"{text}{gap}{assignment}{newLine}";
    }

    /// <summary>As it is where no reader could take it for anything else; otherwise in single quotes, in which nothing is expanded.</summary>
    internal static string Quote(string value) => Plain().IsMatch(value)
        ? value
        : $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    /// <summary>A link stays one: what it points to is replaced.</summary>
    private static string Target(string path) =>
        File.Exists(path) && File.ResolveLinkTarget(path, returnFinalTarget: true) is { } final ? final.FullName : Path.GetFullPath(path);

    private static string Beside(string path) => $"{path}.{Ids.New():N}.tmp";

    private static void Create(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using var file = new FileStream(path, options);
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    }

    [GeneratedRegex(
        """^(?<lead>[ \t]*(?:export[ \t]+)?)(?<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(?:"[^"\r\n]*"|'[^'\r\n]*'|[^\r\n#]*?|[^\r\n]*?)(?<comment>[ \t]+#[^\r\n]*)?[ \t]*(?=\r?$)""",
        RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex("^[A-Za-z0-9_./:@%+=,-]+$")]
    private static partial Regex Plain();
}
