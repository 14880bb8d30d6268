using System.Security.Cryptography;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Data.Postgres;

namespace Conversation.Tests.Infrastructure;

/// <summary>What Tools/package.json names, installed once per version of its lock file into the machine's temporary folder.</summary>
internal static class NpmTools
{
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(5);
    private static readonly Lazy<Task<string>> Installed = new(InstallAsync);

    private static readonly string Source = Path.Combine(Checkout.Root, "Conversation.Tests", "Tools");

    /// <summary>The folder that holds node_modules and the scripts.</summary>
    public static Task<string> FolderAsync() => Installed.Value;

    /// <summary>Runs one of the scripts and gives back what it printed; anything but exit code 0 fails the test.</summary>
    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        var folder = await FolderAsync();
        File.Copy(Path.Combine(Source, script), Path.Combine(folder, script), overwrite: true);
        var outcome = await ChildProcess.RunAsync("node", [script, .. arguments], Patience.Token, folder: folder);
        Assert.That(outcome.ExitCode, Is.Zero, outcome.Text);
        return outcome.Output;
    }

    private static async Task<string> InstallAsync()
    {
        await NpmRequired.CheckAsync();
        var lockFile = await File.ReadAllBytesAsync(Path.Combine(Source, "package-lock.json"));
        var folder = Path.Combine(Path.GetTempPath(), $"conversation-tools-{Convert.ToHexStringLower(SHA256.HashData(lockFile))[..16]}");
        if (Directory.Exists(folder))
        {
            return folder;
        }

        // Moved into its place when it is complete: two test runs at once do not meet, and a broken install is not found later.
        var making = Directory.CreateDirectory($"{folder}-{Ids.New():N}").FullName;
        foreach (var file in Directory.EnumerateFiles(Source))
        {
            File.Copy(file, Path.Combine(making, Path.GetFileName(file)));
        }

        using var limit = new CancellationTokenSource(InstallLimit);
        var install = await ChildProcess.RunAsync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], limit.Token, folder: making);
        Assert.That(install.ExitCode, Is.Zero, install.Text);
        try
        {
            Directory.Move(making, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            Directory.Delete(making, recursive: true);
        }

        return folder;
    }
}
