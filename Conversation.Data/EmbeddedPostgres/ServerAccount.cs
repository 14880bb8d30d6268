namespace Conversation.Data.EmbeddedPostgres;

/// <summary>The user that PostgreSQL runs as: ourselves, or, because PostgreSQL refuses root, an unprivileged one.</summary>
internal static class ServerAccount
{
    private const string Unprivileged = "nobody";

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

    /// <summary>Makes the folder, private to the account.</summary>
    public static async Task CreateFolderAsync(string folder, CancellationToken token)
    {
        var existed = Directory.Exists(folder);
        Directory.CreateDirectory(folder);
        if (OperatingSystem.IsWindows() || existed)
        {
            return;
        }

        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (Name is { } user)
        {
            var outcome = await ChildProcess.RunAsync("chown", [user, folder], token);
            if (outcome.ExitCode != 0)
            {
                throw new EmbeddedPostgresException($"Cannot give {folder} to the user {user}: {outcome.Text}");
            }
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
