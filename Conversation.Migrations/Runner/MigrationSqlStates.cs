using Npgsql;

namespace Conversation.Migrations.Runner;

/// <summary>The only place of the migrations that reads an SQLSTATE (PostgreSQL manual, appendix A).</summary>
internal static class MigrationSqlStates
{
    /// <summary>There is no database of that name.</summary>
    public static bool IsWithoutDatabase(PostgresException error) => error.SqlState == PostgresErrorCodes.InvalidCatalogName;

    /// <summary>Somebody else has just created the database: the second of two is told by the one or the other.</summary>
    public static bool IsCreatedAlready(PostgresException error) =>
        error.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation;

    /// <summary>A table stayed locked for longer than <c>lock_timeout</c>.</summary>
    public static bool IsLockTimeout(PostgresException error) => error.SqlState == PostgresErrorCodes.LockNotAvailable;
}
