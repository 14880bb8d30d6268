using System.Text;
using Npgsql;

namespace Conversation.Data.Postgres;

/// <summary>The only place that reads an SQLSTATE (PostgreSQL manual, appendix A).</summary>
internal static class SqlStates
{
    /// <summary>The whole transaction failed by nobody's fault: the same statement succeeds when sent again.</summary>
    public static bool IsTransient(PostgresException error) =>
        error.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected;

    /// <summary>A row stayed locked for longer than <c>lock_timeout</c>.</summary>
    public static bool IsLockTimeout(PostgresException error) => error.SqlState == PostgresErrorCodes.LockNotAvailable;

    /// <summary>
    /// The server cannot serve now (connection limit, starting, stopping, out of disk or memory, a file or a part of itself that fails),
    /// or not this service (a standby after a failover, credentials that are being changed, a database or its tables that are being made
    /// anew): nothing was stored and a later attempt may succeed. The connection itself may be gone as well.
    /// </summary>
    public static bool IsUnavailable(PostgresException error) =>
        error.SqlState.StartsWith("53", StringComparison.Ordinal)
        || error.SqlState.StartsWith("57P", StringComparison.Ordinal)
        || error.SqlState.StartsWith("08", StringComparison.Ordinal)
        || error.SqlState.StartsWith("58", StringComparison.Ordinal)
        || error.SqlState.StartsWith("XX", StringComparison.Ordinal)
        || error.SqlState is PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.InvalidCatalogName
        || IsReadOnly(error)
        || IsStale(error)
        || IsRefusal(error)
        || IsWithoutTables(error);

    /// <summary>The server is starting, recovering or stopping, and takes no connections meanwhile.</summary>
    public static bool IsStartingOrStopping(PostgresException error) => error.SqlState == PostgresErrorCodes.CannotConnectNow;

    /// <summary>The server, or this connection to it, takes no writes: what it is connected to is perhaps no longer the primary.</summary>
    public static bool IsReadOnly(PostgresException error) => error.SqlState == PostgresErrorCodes.ReadOnlySqlTransaction;

    /// <summary>
    /// This connection's prepared statements are not what they were: a type has changed under them ("cached plan must not change result
    /// type"), or a pooler in between has mixed connections up. A new connection prepares them anew.
    /// </summary>
    public static bool IsStale(PostgresException error) => error.SqlState is PostgresErrorCodes.FeatureNotSupported
        or PostgresErrorCodes.InvalidSqlStatementName or PostgresErrorCodes.DuplicatePreparedStatement;

    /// <summary>A table that was asked is not there.</summary>
    public static bool IsWithoutTables(PostgresException error) =>
        error.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName;

    /// <summary>The value itself is at fault: PostgreSQL cannot store it, or it cannot even be sent, being no Unicode.</summary>
    public static bool IsBadValue(Exception error) => error switch
    {
        PostgresException postgres =>
            postgres.SqlState.StartsWith("22", StringComparison.Ordinal) || postgres.SqlState == PostgresErrorCodes.CheckViolation,
        EncoderFallbackException => true,
        _ => false,
    };

    /// <summary>The user or its password is not accepted.</summary>
    public static bool IsRefusal(PostgresException error) => error.SqlState.StartsWith("28", StringComparison.Ordinal);

    /// <summary>True for every failure after which the database could not be asked at all.</summary>
    public static bool IsUnavailable(Exception error) => error switch
    {
        PostgresException postgres => IsUnavailable(postgres),
        NpgsqlException => true,
        TimeoutException => true,
        _ => false,
    };
}
