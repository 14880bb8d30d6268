using Npgsql;

namespace Conversation.Migrations.Runner;

/// <summary>What concerns a database as a whole, asked of the server's maintenance database.</summary>
public static class DatabaseAdmin
{
    private const string MaintenanceDatabase = "postgres";

    /// <summary>Creates the database of the connection string unless it exists; two that try at once both succeed.</summary>
    /// <param name="connectionString">For Npgsql, naming the database.</param>
    /// <param name="token">Ends the attempt.</param>
    /// <returns>True when it was created.</returns>
    public static async Task<bool> EnsureExistsAsync(string connectionString, CancellationToken token)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { Database = MaintenanceDatabase, Pooling = false }.ConnectionString);
        await connection.OpenAsync(token);
        await using var exists = new NpgsqlCommand("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", connection)
        {
            Parameters = { new NpgsqlParameter<string?> { TypedValue = target.Database } },
        };
        if (await exists.ExecuteScalarAsync(token) is true)
        {
            return false;
        }

        try
        {
            // An identifier cannot be a parameter; it is quoted as the manual's section 4.1.1 says.
            var name = $"\"{target.Database!.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
#pragma warning disable CA2100 // The name is quoted in the line above.
            await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
#pragma warning restore CA2100
            await create.ExecuteNonQueryAsync(token);
            return true;
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            return false;
        }
    }
}
