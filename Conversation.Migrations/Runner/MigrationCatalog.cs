using System.Reflection;
using FluentMigrator;

namespace Conversation.Migrations.Runner;

/// <summary>The migrations that this program has.</summary>
internal static class MigrationCatalog
{
    /// <summary>Version and name of each, oldest first.</summary>
    public static IReadOnlyList<(long Version, string Name)> All { get; } =
    [
        .. typeof(MigrationCatalog).Assembly.GetTypes()
            .Select(type => (Type: type, Attribute: type.GetCustomAttribute<MigrationAttribute>(inherit: false)))
            .Where(found => found.Attribute is not null)
            .Select(found => (found.Attribute!.Version, found.Type.Name[(found.Type.Name.IndexOf('_', StringComparison.Ordinal) + 1)..]))
            .OrderBy(found => found.Version),
    ];

    public static string NameOf(long version) => All.FirstOrDefault(one => one.Version == version).Name ?? "";
}
