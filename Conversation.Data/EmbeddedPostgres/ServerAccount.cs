namespace Conversation.Data.EmbeddedPostgres;

/// <summary>The user that PostgreSQL runs as: ourselves, or, because PostgreSQL refuses root, an unprivileged one.</summary>
internal static class ServerAccount
{
    private const string Unprivileged = "nobody";

    private const UnixFileMode Reachable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Null when the children simply run as we do.</summary>
    public static string? Name => Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows() ? Unprivileged : null;

    /// <summary>The default home of private servers: reachable by the account, kept over restarts.</summary>
    public static string StateFolder => Name is not null
        ? "/var/lib/conversation-service"
        : Path.Combine(UserFolder(Environment.SpecialFolder.LocalApplicationData), "conversation-service");

    /// <summary>Where fetched binaries are kept for every checkout of this user.</summary>
    public static string CacheFolder => Name is not null
        ? "/var/cache/conversation-service"
        : Path.Combine(UserFolder(Environment.SpecialFolder.LocalApplicationData), "conversation-service", "cache");

    /// <summary>Makes the folder, private to the account; one that exists stays as it is.</summary>
    /// <exception cref="EmbeddedPostgresException">It cannot be given to the account.</exception>
    public static async Task CreateFolderAsync(string folder, CancellationToken token)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        CreateReachable(folder);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        await GiveAsync(folder, token);
    }

    /// <summary>Makes the folder and those above it that are missing; another account can enter them, however strict our umask is.</summary>
    public static void CreateReachable(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        if (Path.GetDirectoryName(folder) is { } parent)
        {
            CreateReachable(parent);
        }

        Directory.CreateDirectory(folder);
        if (!OperatingSystem.IsWindows() && Name is not null)
        {
            File.SetUnixFileMode(folder, Reachable);
        }
    }

    /// <summary>Writes a file that the account alone can read.</summary>
    /// <exception cref="EmbeddedPostgresException">It cannot be given to the account.</exception>
    public static async Task WriteFileAsync(string path, string text, CancellationToken token)
    {
        await File.WriteAllTextAsync(path, text, token);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        await GiveAsync(path, token);
    }

    private static async Task GiveAsync(string path, CancellationToken token)
    {
        if (Name is { } user && await ChildProcess.RunAsync("chown", [user, path], token) is { ExitCode: not 0 } outcome)
        {
            throw new EmbeddedPostgresException($"Cannot give {path} to the user {user}: {outcome.Text}");
        }
    }

    private static string UserFolder(Environment.SpecialFolder kind)
    {
        var folder = Environment.GetFolderPath(kind, Environment.SpecialFolderOption.DoNotVerify);
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
        return folder.Length > 0 && Directory.Exists(home)
            ? folder
            : Path.Combine(Path.GetTempPath(), $"conversation-{Environment.UserName}");
    }
}
