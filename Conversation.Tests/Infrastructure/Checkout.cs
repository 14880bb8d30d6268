using Conversation.Data.EmbeddedPostgres;

namespace Conversation.Tests.Infrastructure;

/// <summary>The source files of the checkout that the tests were built from.</summary>
internal static class Checkout
{
    private static readonly string[] Built = ["bin", "obj", "node_modules", "lib", "artifacts", ".git", "TestResults"];

    public static string Root { get; } = EmbeddedPostgresFolder.Checkout(AppContext.BaseDirectory)
        ?? throw new InvalidOperationException("The tests do not run from a checkout.");

    /// <summary>Files by path from the root, with their text.</summary>
    public static IEnumerable<(string Path, string Text)> Files(params string[] extensions) =>
        Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories)
            .Select(file => (Path: Path.GetRelativePath(Root, file).Replace('\\', '/'), File: file))
            .Where(file => !file.Path.Split('/').Any(Built.Contains) && extensions.Contains(Path.GetExtension(file.Path)))
            .Select(file => (file.Path, File.ReadAllText(file.File)));
}
