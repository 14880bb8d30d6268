namespace Conversation.Migrations.Runner;

/// <summary>How a database's schema compares with the one that this version of the service knows.</summary>
/// <param name="Missing">Migrations that it lacks, oldest first.</param>
/// <param name="Unknown">Migrations that it has and this version does not know: it belongs to a newer one.</param>
public sealed record SchemaState(IReadOnlyList<long> Missing, IReadOnlyList<long> Unknown)
{
    /// <summary>Stops a version that is too old: it would read and write what it does not understand.</summary>
    /// <exception cref="SchemaException">The schema is newer.</exception>
    public void RefuseNewer()
    {
        if (Unknown.Count > 0)
        {
            throw new SchemaException(
                $"The database has the schema of a newer version ({Unknown[^1]}); this one knows up to {SchemaMigrator.KnownVersions[^1]}. "
                + "Start the newer version, or take the schema back with the newer version's downgrade.");
        }
    }
}
