using System.Globalization;
using System.Security;
using System.Text;
using Conversation.Data.EmbeddedPostgres;
using Conversation.Migrations.Runner;

namespace Conversation.Migrations.Cli;

/// <summary>Writes the class of a new migration, named by its time and by what it is said to do.</summary>
internal static class MigrationScaffold
{
    private const string Folder = "Conversation.Migrations/Schema";

    /// <summary>The file that was written.</summary>
    /// <param name="home">A folder of the checkout.</param>
    /// <param name="text">What the migration does, for a person.</param>
    /// <param name="now">Its version.</param>
    /// <exception cref="MigrationException">There is no checkout, or the text holds no letter to name a class by.</exception>
    public static async Task<string> WriteAsync(string home, string text, DateTimeOffset now)
    {
        var checkout = EmbeddedPostgresFolder.Checkout(home)
            ?? throw new MigrationException("There is no Conversation.sln at or above this folder: run this in a checkout.");
        var name = ClassName(text);
        if (name.Length == 0)
        {
            throw new MigrationException("The message needs at least one letter: the class is named by it.");
        }

        var folder = Path.Combine(checkout, Folder);
        if (!Directory.Exists(folder))
        {
            throw new MigrationException($"There is no folder {folder}.");
        }

        var version = Version(now);
        var file = Path.Combine(folder, $"M{version}_{name}.cs");
        await File.WriteAllTextAsync(file, Source(version, name, text));
        return file;
    }

    /// <summary>After every other, even where a clock is behind.</summary>
    private static long Version(DateTimeOffset now)
    {
        var version = long.Parse(now.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return Math.Max(version, SchemaMigrator.KnownVersions[^1] + 1);
    }

    private static string ClassName(string text)
    {
        var name = new StringBuilder();
        var begins = true;
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c))
            {
                begins = true;
                continue;
            }

            name.Append(begins ? char.ToUpperInvariant(c) : c);
            begins = false;
        }

        return name.ToString();
    }

    private static string Source(long version, string name, string text) =>
        $$"""
        using FluentMigrator;

        namespace Conversation.Migrations.Schema;

        /// <summary>{{SecurityElement.Escape(string.Join(' ', text.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries)))}}</summary>
        [Migration({{version}})]
        public sealed class M{{version}}_{{name}} : Migration
        {
            /// <inheritdoc />
            public override void Up()
            {
            }

            /// <inheritdoc />
            public override void Down()
            {
            }
        }

        """;
}
